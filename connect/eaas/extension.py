"""Import path of the user documents: the base class and the responses of old-style extensions."""

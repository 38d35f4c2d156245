# The runner's image: an extension project is mounted or copied to /extension.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

COPY . /opt/connect-extension-sdk
RUN pip install "/opt/connect-extension-sdk[web,devops,cli,test]" \
    && useradd --create-home --uid 1000 extension \
    && install -d -o extension -g extension /extension /data

USER extension
WORKDIR /extension
CMD ["cextrun"]

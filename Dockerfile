# The bank in a container; docker-compose.yml says how it is run.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    BANK_STORE=csv:/data

# Everything that is installed has its hash in the repository.
COPY requirements/run.txt /app/requirements/run.txt
RUN pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes \
        --requirement /app/requirements/run.txt \
    && groupadd --gid 10001 bank \
    && useradd --uid 10001 --gid bank --no-create-home bank \
    && install --directory --owner bank --group bank --mode 0700 /data

COPY SimpleBankingSystem /app/SimpleBankingSystem
# Nothing is written where the container runs, so what Python compiles is made now.
RUN python -m compileall -q /app/SimpleBankingSystem

USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 5000

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5000/api/v1/health', timeout=4)"]

# A container's own network is no danger by itself: who gets in is decided where it is published.
ENTRYPOINT ["python", "-m", "SimpleBankingSystem"]
CMD ["serve", "--host", "0.0.0.0", "--open-to-network"]

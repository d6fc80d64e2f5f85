# The page with the example runs, for whoever looks on; VAEDASH_READ_ONLY=0 lets visitors train. docs/hosting.md says how to use it.
FROM python:3.11-slim

# torch without CUDA, which is 5 GB; who has a GPU says --build-arg TORCH_INDEX=https://pypi.org/simple
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /app
COPY requirements.txt .ci/constraints.txt ./
RUN pip install --no-cache-dir --extra-index-url "$TORCH_INDEX" --constraint constraints.txt --requirement requirements.txt \
    && useradd --uid 1000 --create-home vaedash \
    && install -d -o vaedash -g vaedash /runs /data

COPY LICENSE streamlit_app.py ./
COPY .streamlit .streamlit
COPY vaedash vaedash
COPY --chown=vaedash:vaedash runs /runs
# Streamlit would ask a public service for this machine's address if it were not told one; malloc would keep 35 MB more if each
# core had an arena of its own.
ENV VAEDASH_RUNS=/runs \
    VAEDASH_DATA=/data \
    VAEDASH_READ_ONLY=1 \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_BROWSER_SERVER_ADDRESS=localhost \
    MALLOC_ARENA_MAX=2 \
    PYTHONUNBUFFERED=1
# What could not be kept in a container whose files nobody may write: compiled modules, and the pictures of the built-in shapes.
RUN python -m compileall -q vaedash
USER 1000
RUN python -m vaedash images shapes

EXPOSE 8501
HEALTHCHECK --start-period=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# By which names it may be called: what the container is told, or this machine's and the name that a Space is given.
CMD ["sh", "-c", "STREAMLIT_SERVER_ALLOWED_HOSTS=\"${STREAMLIT_SERVER_ALLOWED_HOSTS:-localhost 127.0.0.1 $SPACE_HOST}\" exec python -m streamlit run streamlit_app.py"]

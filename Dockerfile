# The app as compose.yaml runs it: one image for web, workers, sweeper, migration and nginx's files.
FROM python:3.13-slim AS app
RUN useradd --system --create-home payments
WORKDIR /srv/payments/current
COPY requirements.txt .
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
ENV PATH=/srv/payments/current/.venv/bin:$PATH PYTHONUNBUFFERED=1
COPY . .
# The build reads no setting but must be given all; the real ones come when it runs.
RUN SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(48))') \
    PUBLIC_URL=http://127.0.0.1 DATABASE_URL=sqlite:////tmp/none.db \
    REDIS_URL=redis://127.0.0.1 CACHE_REDIS_URL=redis://127.0.0.1/1 \
    STRIPE_SECRET_KEY=sk_test_build STRIPE_PUBLISHABLE_KEY=pk_test_build \
    STRIPE_WEBHOOK_SECRET=whsec_$(python -c 'import secrets; print(secrets.token_hex(16))') \
    flask --app wsgi assets build
USER payments
# The settings first: gunicorn reads WEB_CONCURRENCY itself, before they can be looked at.
CMD ["sh", "-c", "python gunicorn.conf.py && exec gunicorn wsgi:app"]

FROM nginx:1.28 AS edge
COPY --from=app /srv/payments/current/static /srv/payments/current/static
COPY nginx.conf /etc/nginx/nginx.conf
# This image's account is nginx, and the app is another container.
RUN sed -i -e 's/^user www-data;/user nginx;/' -e 's/127.0.0.1:8000/web:8000/' /etc/nginx/nginx.conf \
    && mkdir -p /etc/nginx/modules-enabled

"""Settings that are taken, and such as are refused."""

from __future__ import annotations

import hashlib
from base64 import b64encode

NEW, OLD, OTHER, THIN = (f"whsec_{word}Zr3vN0xKcT5yLmWb7Jd2Hf9Gs4PaUe" for word in "noct")
GOOD = {
    "SECRET_KEY": "q8Zr3vN0xKcT5yLmWb7Jd2Hf9Gs4PaUe",
    "PUBLIC_URL": "https://pay.example.com/",
    "DATABASE_URL": "postgresql://db/payments",
    "REDIS_URL": "redis://jobs:6379/0",
    "CACHE_REDIS_URL": "redis://cache:6379/0",
    "STRIPE_SECRET_KEY": "sk_live_51HzQ9tVbC3dEfGh",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_51HzQ9tVbC3dEfGh",
    "STRIPE_WEBHOOK_SECRET": f"{NEW}, {OLD}",
}

# A setting, a value of it that is unsafe or wrong, and words of its refusal.
REFUSED = [
    ("SECRET_KEY", "short", "at least 32"),
    ("SECRET_KEY", "change-me-change-me-change-me-change-me", "random"),
    ("PUBLIC_URL", "http://pay.example.com", "must be https://"),
    ("PUBLIC_URL", "pay.example.com", "must begin with https://"),
    ("PUBLIC_URL", "https://", "scheme and host alone"),
    ("PUBLIC_URL", "https://pay.example.com/shop", "scheme and host alone"),
    ("PUBLIC_URL", "https://pay.example.com?a=b", "scheme and host alone"),
    ("PUBLIC_URL", "https://user@pay.example.com", "scheme and host alone"),
    ("PUBLIC_URL", "https://pay.example.com\n", "scheme and host alone"),
    ("DATABASE_URL", "mysql://db/payments", "postgresql://"),
    ("REDIS_URL", "localhost:6379", "redis://"),
    ("STRIPE_SECRET_KEY", "whatever", "sk_test_"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_test_abc", "of one mode"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_test_a_live_b", "of one mode"),
    ("STRIPE_SECRET_KEY", "sk_test_a_live_b", "of one mode"),
    ("STRIPE_SECRET_KEY_FALLBACKS", "sk_test_a_live_b", "a key of the same mode"),
    ("STRIPE_WEBHOOK_SECRET", "secret", "whsec_"),
    ("STRIPE_CONNECT_WEBHOOK_SECRET", "whsec_new, secret", "STRIPE_CONNECT_WEBHOOK_SECRET"),
    ("STRIPE_THIN_WEBHOOK_SECRET", "secret", "STRIPE_THIN_WEBHOOK_SECRET"),
    ("STRIPE_API_BASE", "http://127.0.0.1:1", "live"),
    ("STRIPE_API_BASE", "https://elsewhere.example", "stand-in on this machine"),
    ("FLASK_DEBUG", "1", "live"),
    ("CHARGE_CONCURRENCY", "1", "from 2 to 64"),
    ("CHARGE_CONCURRENCY", "65", "from 2 to 64"),
    ("CHECKOUT_RATE_LIMIT", "often", "10/minute"),
    ("PLATFORM_FEE_FIXED", "usd=30", "usd:30,jpy:45"),
    ("SMTP_URL", "mail.example.com:587", "must begin with smtp://"),
    ("SMTP_URL", "http://mail.example.com", "must begin with smtp://"),
    ("SMTP_URL", "smtp://", "must name a host"),
    ("SMTP_URL", "smtp://user:hush@:587", "must name a host"),
    ("SMTP_URL", "smtp://mail.example.com:mail", "a port from 1 to 65535"),
    ("STRIPE_ACCOUNTS_API", "v3", "v1 or v2"),
    ("ALERT_WEBHOOK_URL", "http://alerts.example/", "https:// for any host"),
    ("CHECKOUT_CHALLENGE", "maybe", "off, auto or always"),
    ("SIGN_IN_LINK_MINUTES", "0", "from 1 to 60"),
    ("SIGN_IN_LINK_MINUTES", "61", "from 1 to 60"),
    ("SIGN_IN_LINK_MINUTES", "1e1", "from 1 to 60"),
    ("BUSINESS_TIMEZONE", "Mars/Olympus", "zone"),
    ("BUSINESS_TIMEZONE", "Europe", "zone"),
    # A secret that can be guessed.
    ("SECRET_KEY", "0" * 32, "random"),
    ("SECRET_KEY", "0123456789abcdef" * 4, "random"),
    ("SECRET_KEY", "abcdefghijklmnopqrstuvwxyz0123456789", "random"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_", "at least 24 random"),
    ("STRIPE_WEBHOOK_SECRET", f"{NEW},whsec_{'a' * 32}", "at least 24 random"),
    ("STRIPE_CONNECT_WEBHOOK_SECRET", "whsec_", "at least 24 random"),
    ("METRICS_TOKEN", "0" * 32, "random"),
    # What a file of settings holds as it stands, and a shell would have read.
    ("SECRET_KEY", "$(python -c 'import secrets; print(secrets.token_urlsafe(48))')", "random"),
    ("SECRET_KEY", "python -c 'import secrets; print(secrets.token_urlsafe(48))'", "random"),
    ("SECRET_KEY", "`head -c48 /dev/urandom|base64 -w0|tr -d =`", "random"),
    ("SECRET_KEY", "${PAYMENTS_SECRET_KEY_OF_PRODUCTION}", "random"),
    ("SECRET_KEY", "$PAYMENTS_SECRET_KEY_OF_PRODUCTION_2026", "random"),
    ("SECRET_KEY", "{{vault_payments_secret_key_production}}", "random"),
    ("SECRET_KEY", "<paste-32-random-characters-in-here>", "random"),
    ("SECRET_KEY", "file:///run/secrets/payments_secret_key", "random"),
    ("SECRET_KEY_FALLBACKS", "${PAYMENTS_SECRET_KEY_BEFORE_2026}", "what SECRET_KEY may be"),
    ("METRICS_TOKEN", "$(openssl_rand_-hex_16)", "random"),
    # What was copied with an end of line, or a space.
    ("STRIPE_SECRET_KEY", "sk_live_51HzQ9tVbC3dEfGh\n", "STRIPE_SECRET_KEY must not"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_live_51HzQ9tVbC3dEfGh ", "STRIPE_PUBLISHABLE_KEY must not"),
    ("STRIPE_WEBHOOK_SECRET", f"{NEW}\n", "STRIPE_WEBHOOK_SECRET must not"),
    ("SECRET_KEY", "q8Zr3vN0xKcT5yLmWb7Jd2Hf9Gs4PaUe\n", "SECRET_KEY must not"),
    ("DATABASE_URL", "postgresql://db/payments\n", "DATABASE_URL must not"),
    ("MAIL_FROM", "shop@example.com\nBcc: x@example.com", "MAIL_FROM must not"),
    # What is for one's own machine.
    ("FLASK_DEBUG", "1", "FLASK_DEBUG is for this machine"),
    ("FLASK_DEBUG", "y", "FLASK_DEBUG is for this machine"),
    ("STRIPE_API_BASE", "http://127.0.0.1:1", "STRIPE_API_BASE is for this machine"),
    ("STRIPE_API_BASE", "http://[", "stand-in on this machine"),
    # Addresses.
    ("MAIL_FROM", "Shop <a@b.example>", "an address alone"),
    ("MAIL_FROM", "shop", "an address alone"),
    ("ALERT_MAIL_TO", "Ops <ops@example.com>", "ALERT_MAIL_TO must be an address alone"),
    ("PUBLIC_URL", "https://pay.example.com:99999", "scheme and host alone"),
    ("PUBLIC_URL", "https://..", "scheme and host alone"),
    ("DATABASE_URL", "postgresql://db:many/payments", "DATABASE_URL can't be read"),
    ("REDIS_URL", "redis://jobs:many/0", "REDIS_URL can't be read"),
    ("CACHE_REDIS_URL", "redis://cache:6379/first", "CACHE_REDIS_URL can't be read"),
    ("ALERT_WEBHOOK_URL", "https://", "ALERT_WEBHOOK_URL must"),
    ("CDN_PURGE_URL", "https://", "CDN_PURGE_URL must"),
    ("CDN_PURGE_URL", "http://[", "CDN_PURGE_URL must"),
    ("SENTRY_DSN", "yes please", "SENTRY_DSN must"),
    ("SENTRY_DSN", "https://sentry.example/1", "SENTRY_DSN must"),
    ("SENTRY_DSN", "https://key@sentry.example/", "SENTRY_DSN must"),
    ("SMTP_URL", "smtp://mail.example.com:70000", "a port from 1 to 65535"),
    ("TURNSTILE_SITE_KEY", "0x4AAAAAAA", "must be set together"),
    ("TURNSTILE_SITE_KEY", "1x00000000000000000000AA", "one of Cloudflare's for tests"),
    ("TURNSTILE_API_BASE", "http://127.0.0.1:1", "TURNSTILE_API_BASE is for this machine"),
    ("TURNSTILE_API_BASE", "https://turn.example", "a stand-in on this machine"),
    ("TURNSTILE_API_BASE", "http://127.0.0.1:1/; script-src *", "a stand-in on this machine"),
    ("STRIPE_API_BASE", "http://127.0.0.1:1/; script-src *", "stand-in on this machine"),
    ("STRIPE_API_BASE", "http://127.0.0.1:1?x#y", "stand-in on this machine"),
    ("SECURITY_CONTACT", "me", "SECURITY_CONTACT must"),
    ("SECURITY_CONTACT", "https://example.com/s\u00e9curit\u00e9", "SECURITY_CONTACT must"),
    ("SHOP_CONTACT", "Shop <a@b.example>", "SHOP_CONTACT must be an address alone"),
    ("SHOP_URL", "javascript:alert(1)", "SHOP_URL must"),
    ("SHOP_TERMS_URL", "javascript:alert(1)", "SHOP_TERMS_URL must"),
    ("SHOP_REFUND_POLICY_URL", "our policy", "SHOP_REFUND_POLICY_URL must"),
    ("SHOP_NAME", "x" * 61, "SHOP_NAME has at most"),
    ("SHOP_ADDRESS", "a|" * 6 + "a", "SHOP_ADDRESS must be 1 to 6 lines"),
    ("SHOP_ADDRESS", f"1 High Street|{'x' * 61}", "each of at most 60 characters"),
    ("SHOP_ADDRESS", "|", "SHOP_ADDRESS must be 1 to 6 lines"),
    ("SHOP_ADDRESS", "1 High Street\nLondon", "SHOP_ADDRESS must not"),
    ("SHOP_TAX_ID", "x" * 61, "SHOP_TAX_ID must be 1 to 60"),
    ("SHOP_TAX_ID", "DE\u202e123", "SHOP_TAX_ID must be 1 to 60"),
    ("SHOP_NAME", "Shop\nBcc: x@example.com", "SHOP_NAME must not"),
    # Numbers.
    ("CHECKOUT_RATE_LIMIT", "0/minute", "CHECKOUT_RATE_LIMIT must"),
    ("CHECKOUT_RATE_LIMIT", "10/minute\n", "CHECKOUT_RATE_LIMIT must"),
    ("CHECKOUT_RATE_LIMIT", "9999999/second", "CHECKOUT_RATE_LIMIT must"),
    ("PROXY_HOPS", "1\n", "PROXY_HOPS must"),
    ("PORT", "80808", "PORT must"),
    ("WEB_CONCURRENCY", "many", "WEB_CONCURRENCY must"),
    ("WEB_CONCURRENCY", "0", "WEB_CONCURRENCY must"),
    ("PLATFORM_FEE_FIXED", "usd:30,usd:40", "PLATFORM_FEE_FIXED must"),
    ("PLATFORM_FEE_FIXED", "usd:\u0663", "PLATFORM_FEE_FIXED must"),
    # What would be seen only once it is needed.
    ("DATABASE_URL", "sqlite://", "would be lost"),
    ("DATABASE_URL", "sqlite:///", "would be lost"),
    ("DATABASE_URL", "sqlite:///:memory:", "would be lost"),
    ("DATABASE_URL", "postgresql://db:99999/payments", "DATABASE_URL can't be read"),
    ("REDIS_URL", "redis://jobs:0/0", "REDIS_URL can't be read"),
    ("REDIS_URL", "redis://jobs/-1", "REDIS_URL can't be read"),
    ("CACHE_REDIS_URL", "redis://cache/0?nonsense=1", "CACHE_REDIS_URL can't be read"),
    ("REDIS_URL", "redis://jobs/0?decode_responses=true", "REDIS_URL can't be read"),
    ("CACHE_REDIS_URL", "redis://cache/0?retry=5", "CACHE_REDIS_URL can't be read"),
    ("CACHE_REDIS_URL", "redis://cache/0?encoding=utf-99", "CACHE_REDIS_URL can't be read"),
    ("CACHE_REDIS_URL", "redis://cache/0?protocol=9", "CACHE_REDIS_URL can't be read"),
    ("CACHE_REDIS_URL", "rediss://cache/0?ssl_version=x", "CACHE_REDIS_URL can't be read"),
    ("REDIS_URL", "sentinel://one:26379,two", "REDIS_URL can't be read"),
    ("REDIS_URL", "sentinel://one:99999/jobs/0", "REDIS_URL can't be read"),
    ("REDIS_URL", "sentinel://one,/jobs/0", "REDIS_URL can't be read"),
    ("LEGAL_KEEPING_DAYS", "10 years", "LEGAL_KEEPING_DAYS"),
    ("DATABASE_URL", "postgresql://db/payments?nonsense=1", "DATABASE_URL can't be read"),
    ("DATABASE_URL", "sqlite:///file::memory:?uri=true", "DATABASE_URL must name a file"),
    ("DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true", "DATABASE_URL must name a file"),
    ("STRIPE_WEBHOOK_SECRET", ",", "STRIPE_WEBHOOK_SECRET must"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_live_\u0430bc", "STRIPE_PUBLISHABLE_KEY must"),
    ("ALERT_WEBHOOK_SECRET", "whsec_q8ZtYxW3vU5rS7pO9nM1lK2jA", "ALERT_WEBHOOK_SECRET must"),
    # The example of Standard Webhooks.
    ("ALERT_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "ALERT_WEBHOOK_SECRET"),
    ("ALERT_WEBHOOK_SECRET", "whsec_q8ZtYxW3vU5rS7pO9nM1lK2j=A==", "ALERT_WEBHOOK_SECRET must"),
    ("ALERT_WEBHOOK_URL", "https://alerts .example/", "ALERT_WEBHOOK_URL must"),
    ("ALERT_WEBHOOK_URL", "https://user:hush@alerts.example/", "ALERT_WEBHOOK_URL must"),
    ("CDN_PURGE_URL", "https://cdn.example/ x", "CDN_PURGE_URL must"),
    ("CDN_PURGE_TOKEN", "tok\u0435n", "CDN_PURGE_TOKEN must"),
    ("METRICS_TOKEN", "x9-Kq_7Zr.Lm2Vt8Wp\u0435", "METRICS_TOKEN must"),
    ("METRICS_TOKEN", "x9-Kq_7Zr Lm2Vt8Wp", "METRICS_TOKEN must"),
    ("TURNSTILE_SECRET_KEY", "0x4AAA\u0430AAA", "must be as Cloudflare shows"),
    ("MAIL_FROM", "shop@-", "an address alone"),
    ("MAIL_FROM", "shop@example.com.", "an address alone"),
    ("MAIL_FROM", ".@example.com", "an address alone"),
    ("MAIL_FROM", "a..b@example.com", "an address alone"),
    ("MAIL_FROM", "sh\u00f6p@example.com", "an address alone"),
    ("SMTP_URL", "smtp://mail.example.com/inbox", "must name a host"),
    ("SMTP_URL", "smtp://user@mail.example.com", "must name a host"),
    ("SMTP_URL", "smtp://mail.example.com:587", "MAIL_FROM is missing"),
    ("SECURITY_CONTACT", "https://example.com/ x", "SECURITY_CONTACT must"),
    ("BUSINESS_TIMEZONE", "right/UTC", "zone"),
    ("BUSINESS_TIMEZONE", "localtime", "zone"),
    ("BUSINESS_TIMEZONE", "Factory", "zone"),
    ("SECRET_KEY_FALLBACKS", GOOD["SECRET_KEY"], "which is not among those before it"),
    (
        "STRIPE_SECRET_KEY_FALLBACKS",
        "sk_live_51HzQ9tVbC3dEfGh",
        "which is not among those before it",
    ),
    # Words of a person's own, and one secret for two.
    ("SECRET_KEY", "my-super-secret-key-for-production-2024!", "random"),
    ("SECRET_KEY", "your-Key-Here-Please-Fill-in-4-This-Shop", "random"),
    ("SECRET_KEY", "Qwertyuiop-Asdfghjkl-Zxcvbnm-1234567890", "random"),
    ("SECRET_KEY_FALLBACKS", "change-me-before-you-go-on-line-2026!", "what SECRET_KEY may be"),
    ("METRICS_TOKEN", GOOD["SECRET_KEY"], "METRICS_TOKEN must be a secret of its own"),
    ("METRICS_TOKEN", NEW, "METRICS_TOKEN must be a secret of its own"),
    ("STRIPE_THIN_WEBHOOK_SECRET", NEW.removeprefix("whsec_"), "STRIPE_THIN_WEBHOOK_SECRET"),
    # Hosts and options that no client can do anything with, or that make TLS worth nothing.
    ("PUBLIC_URL", "https://999.999.999.999", "scheme and host alone"),
    ("PUBLIC_URL", f"https://{'a' * 64}.example", "scheme and host alone"),
    # Nobody's browser gets there, or each of them sends another Host.
    *(
        ("PUBLIC_URL", f"https://{host}", "scheme and host alone")
        for host in ("0.0.0.0", "[::]", "224.0.0.1", "[ff02::1]", "127.1", "0x7f.1")
    ),
    *(
        ("PUBLIC_URL", f"https://{host}", "scheme and host alone")
        for host in ("0x7f000001", "[2001:db8:0::1]", "10.1", "2130706433")
    ),
    ("DATABASE_URL", "postgresql://a..b/payments", "DATABASE_URL can't be read"),
    ("DATABASE_URL", "postgresql://a b/payments", "DATABASE_URL can't be read"),
    ("DATABASE_URL", "postgresql://db/payments?sslmode=often", "DATABASE_URL can't be read"),
    (
        "DATABASE_URL",
        "postgresql://db/x?connect_timeout=s",
        "DATABASE_URL can't be read",
    ),
    ("DATABASE_URL", "postgresql://db/payments?port=99999", "DATABASE_URL can't be read"),
    ("DATABASE_URL", "postgresql://db/x?host=a,b&port=1,x", "DATABASE_URL can't be read"),
    ("DATABASE_URL", "postgresql://db/x?target_session_attrs=no", "DATABASE_URL can't be read"),
    ("DATABASE_URL", "postgresql://db/x?application_name=%00", "DATABASE_URL can't be read"),
    ("DATABASE_URL", "sqlite:////nonexistent/directory/x.db", "in a directory that is there"),
    ("DATABASE_URL", "sqlite:////dev/null", "in a directory that is there"),
    ("DATABASE_URL", "sqlite://host/x", "DATABASE_URL must name a file"),
    ("REDIS_URL", "redis://a..b/0", "REDIS_URL can't be read"),
    ("REDIS_URL", "redis://a b/0", "REDIS_URL can't be read"),
    ("REDIS_URL", "redis://jobs\\x/0", "REDIS_URL can't be read"),
    ("REDIS_URL", "redis://%/0", "REDIS_URL can't be read"),
    ("REDIS_URL", "redis://jobs/99999999999999999999", "REDIS_URL can't be read"),
    ("REDIS_URL", "unix://run.sock", "REDIS_URL can't be read"),
    ("REDIS_URL", "sentinel://../jobs/0", "REDIS_URL can't be read"),
    ("CACHE_REDIS_URL", "rediss://cache/0?ssl_cert_reqs=none", "CACHE_REDIS_URL can't be read"),
    ("CACHE_REDIS_URL", "rediss://c/0?ssl_check_hostname=false", "CACHE_REDIS_URL can't be"),
    ("CACHE_REDIS_URL", "rediss://cache/0?ssl_min_version=9", "CACHE_REDIS_URL can't be read"),
    ("SMTP_URL", "smtp://mail example.com", "must name a host"),
    ("SMTP_URL", "smtp://user:p%C3%A4ss@mail.example.com", "must name a host"),
    ("MAIL_FROM", f"shop@{'a' * 64}.example", "an address alone"),
    ("ALERT_WEBHOOK_URL", "https://alerts..example/", "ALERT_WEBHOOK_URL must"),
    ("ALERT_WEBHOOK_URL", "https://alerts.example/\u00fc", "ALERT_WEBHOOK_URL must"),
    ("CDN_PURGE_URL", "https://cdn.example/\\x", "CDN_PURGE_URL must"),
    ("SHOP_URL", 'https://shop.example/"><script>', "SHOP_URL must"),
    ("SENTRY_DSN", "https://key@a..b/1", "SENTRY_DSN must"),
    ("SENTRY_DSN", "https://examplePublicKey@o0.ingest.sentry.io/0", "SENTRY_DSN must"),
    ("SENTRY_DSN", "https://key@sentry.example/1?x", "SENTRY_DSN must"),
    # A flag that says another thing than it reads, digits that are none, files that are none.
    ("DATABASE_POOLED", "off", "DATABASE_POOLED must be 1 or 0"),
    ("FLASK_DEBUG", "off", "FLASK_DEBUG must be 1 or 0"),
    ("WEB_CONCURRENCY", "1\u0663", "WEB_CONCURRENCY must"),
    ("CHECKOUT_RATE_LIMIT", "1\u0663/minute", "CHECKOUT_RATE_LIMIT must"),
    ("LEGAL_KEEPING_DAYS", "\u0663", "LEGAL_KEEPING_DAYS must"),
    ("ALERT_FILE", "/dev/null", "ALERT_FILE must"),
    ("ALERT_FILE", "/tmp", "ALERT_FILE must"),
    ("ALERT_FILE", "told.json", "ALERT_FILE must"),
    ("WEB_PIDFILE", "/dev", "WEB_PIDFILE must"),
    ("WEB_BIND", "127.0.0.1:many", "WEB_BIND must"),
    ("WEB_BIND", "127.0.0.1:99999", "WEB_BIND must"),
    ("WEB_BIND", "unix:web.sock", "WEB_BIND must"),
    *(("WEB_BIND", odd, "WEB_BIND must be host:port") for odd in ("[:80", "::1:80", "[]:80")),
    *(("WEB_BIND", odd, "WEB_BIND must be host:port") for odd in ("fd://99999", "fd://0")),
    ("WEB_BIND", f"unix:/tmp/{'a' * 103}", "at most 107 bytes"),
    ("DATA_DIR", __file__, "DATA_DIR must be a directory"),
    ("DATA_DIR", "/dev/null", "DATA_DIR must be a directory"),
    ("METRICS_TOKEN", "x9-Kq_7Zr.Lm2Vt8Wp,short", "METRICS_TOKEN must"),
    # Whoever scrapes would charge cards or sign Stripe's events; a server's own operator, or
    # everybody, would sign cookies.
    ("METRICS_TOKEN", GOOD["STRIPE_SECRET_KEY"], "METRICS_TOKEN must be a secret of its own"),
    ("METRICS_TOKEN", NEW.removeprefix("whsec_"), "METRICS_TOKEN must be a secret of its own"),
    ("DATABASE_URL", f"postgresql://u@db/x?password={GOOD['SECRET_KEY']}", "a password of its"),
    ("REDIS_URL", f"redis://{GOOD['SECRET_KEY']}:x@jobs/0", "a password of its own"),
    ("CDN_PURGE_URL", f"https://cdn.example/?t={GOOD['SECRET_KEY']}", "hold no secret"),
    ("TURNSTILE_SITE_KEY", GOOD["SECRET_KEY"], "hold no secret"),
    *(
        (name, f"{scheme}://app:{word}@server/0", "a password that nobody guesses")
        for name, scheme in (("DATABASE_URL", "postgresql"), ("REDIS_URL", "redis"))
        for word in ("changeme", "app", "Password", "postgres", "12345678", "xxxx", "secret123")
    ),
    ("DATABASE_URL", "postgresql:///x?user=app&password=app", "a password that nobody guesses"),
    # What the whole world knows, and words in another form.
    *(
        ("SECRET_KEY", published, "random")
        for published in (
            "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            b64encode(b"change-me-in-production-please-now!").decode(),
            b"change-me-please-0123456789abcd".hex(),
            hashlib.sha256(b"password").hexdigest(),
            hashlib.md5(b"admin\n").hexdigest(),
            "django-insecure-4v&8x!kq2z@7w^m3n1b5c9d0f6g",
            "p4ssw0rd-p4ym3ntz-Zurich-2024-abcdef",
            "S3cr3t_S3cr3t_K3y_F0r_Fl4sk_App_2026",
            "TODO-TODO-set-me-before-go-live-2026-11",
            "arn:aws:ssm:eu-1:1234:parameter/app/key9",
            "vault:kv/data/app#key-abcdefghijkmnpq123",
        )
    ),
    # Every text but Latin, or every statement, would fail.
    ("DATABASE_URL", "postgresql://db/x?client_encoding=latin1", "DATABASE_URL can't be read"),
    ("DATABASE_URL", "postgresql://db/x?replication=database", "DATABASE_URL can't be read"),
    # What nobody put a key of theirs in the place of, and a key that everybody has read.
    *(
        ("STRIPE_SECRET_KEY", f"sk_live_{key}", "STRIPE_SECRET_KEY must be a key of your own")
        for key in (
            *("xxxx", "51Hxxxxxxxxxxxxxxxxxx", "your_key", "YourSecretKey", "key_here"),
            *("foo", "dummy", "test", "1234567890", "51HzQ9tVbC3dEfG"),
        )
    ),
    *(
        ("STRIPE_SECRET_KEY", f"sk_live_{twice}", "STRIPE_SECRET_KEY must be a key of your own")
        for twice in ("sk_live_51HzQ9tVbC3dEfGh", "pk_live_51HzQ9tVbC3dEfGh")
    ),
    ("STRIPE_SECRET_KEY", "rk_live_change_me", "STRIPE_SECRET_KEY must be a key of your own"),
    ("STRIPE_SECRET_KEY", "sk_live_CHANGEME", "STRIPE_SECRET_KEY must be a key of your own"),
    (
        "STRIPE_SECRET_KEY",
        "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "STRIPE_SECRET_KEY must be a key of your own",
    ),
    ("STRIPE_SECRET_KEY", "sk_live_...", "must begin with"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_live_xxxx", "STRIPE_PUBLISHABLE_KEY must be a key of your"),
    ("STRIPE_SECRET_KEY_FALLBACKS", "sk_live_xxxx", "STRIPE_SECRET_KEY_FALLBACKS must be a ke"),
    # No mail can be answered to these from elsewhere.
    *(
        (name, f"shop@{host}", f"{name} must be an address that others can write to")
        for name in ("MAIL_FROM", "SHOP_CONTACT")
        for host in ("localhost", "example", "10.0.0.1", "mail.localhost", "shop.INVALID")
    ),
    *(
        ("MAIL_FROM", f"shop@mail.{end}", "MAIL_FROM must be an address that others can")
        for end in ("local", "internal", "test")
    ),
    ("SECURITY_CONTACT", "mailto:security@localhost", "SECURITY_CONTACT must be"),
    # Somebody's file would be replaced, then taken away.
    ("ALERT_FILE", __file__, "what is there is replaced"),
    ("WEB_PIDFILE", __file__, "what is there is replaced"),
    ("WEB_BIND", f"unix:{__file__}", "must name a socket"),
    # Words, and rows of letters, as a live key.
    *(
        ("STRIPE_SECRET_KEY", key, "STRIPE_SECRET_KEY must be a key of your own")
        for key in (
            *("sk_live_abcdefghijklmnopqrstuvwx", "sk_live_12345678901234567890"),
            *("sk_live_mysecretstripekey", "sk_live_secretsecretsecret"),
            *("rk_live_insertyoursecrethere", "sk_live_GOESHEREGOESHERE"),
        )
    ),
    # No browser elsewhere reaches these.
    *(
        ("PUBLIC_URL", f"https://{host}", "scheme and host alone")
        for host in (
            *("pay.invalid", "pay.local", "255.255.255.255", "240.0.0.1", "169.254.169.254"),
            "[fe80::1]",
        )
    ),
    # Every buyer would read the key that signs.
    ("SHOP_NAME", GOOD["SECRET_KEY"], "SHOP_NAME must hold no secret"),
    ("SHOP_URL", f"https://shop.example/{GOOD['SECRET_KEY']}", "SHOP_URL must hold no secret"),
    ("SHOP_TERMS_URL", f"https://a.example/?{GOOD['SECRET_KEY']}", "SHOP_TERMS_URL must hold no"),
    ("SHOP_CONTACT", f"{GOOD['SECRET_KEY']}@a.example", "SHOP_CONTACT must hold no secret"),
    (
        "SECURITY_CONTACT",
        f"mailto:{GOOD['SECRET_KEY']}@a.example",
        "SECURITY_CONTACT must hold no secret",
    ),
    *(
        ("SECRET_KEY", known, "random")
        for known in (
            "31415926535897932384626433832795028841971",
            "550e8400-e29b-41d4-a716-446655440000",
            "deadbeefcafebabe8badf00dfeedface0ff1ce",
            "correct-horse-battery-staple-fluffy-cat",
        )
    ),
    ("METRICS_TOKEN", "prometheusscraper", "random"),
    *(
        (name, f"{GOOD[secret]}|Zurich", f"{name} must hold no secret")
        for name in ("SHOP_ADDRESS", "SHOP_TAX_ID")
        for secret in ("SECRET_KEY", "STRIPE_SECRET_KEY")
    ),
    # Whoever reads our pages would be led to their own machine, or nowhere.
    *(
        (name, f"https://{host}/page", f"{name} must")
        for name in ("SHOP_URL", "SHOP_TERMS_URL", "SHOP_REFUND_POLICY_URL", "SECURITY_CONTACT")
        for host in ("localhost", "127.0.0.1:8000", "[::1]", "0.0.0.0", "127.1", "a.localhost")
    ),
    ("SHOP_URL", "http://localhost:8000/", "SHOP_URL must"),
    ("SHOP_TERMS_URL", "https://shop.local/terms", "SHOP_TERMS_URL must"),
    ("SHOP_TERMS_URL", "https://shop.invalid/terms", "SHOP_TERMS_URL must"),
    ("PUBLIC_URL", "https://pay.localhost", "scheme and host alone"),
    # The fee of every sale would silently be another.
    ("PLATFORM_FEE_FIXED", "udd:30", "PLATFORM_FEE_FIXED must"),
    ("TURNSTILE_SECRET_KEY", f"0x4AAAAAAA{'x' * 27}", "TURNSTILE_SECRET_KEY must be as Cloud"),
    ("CDN_PURGE_URL", "https://cdn.example/purge", "CDN_PURGE_TOKEN is missing"),
    ("SENTRY_DSN", "https://PUBLIC_KEY@o0.ingest.sentry.io/1", "SENTRY_DSN must"),
]

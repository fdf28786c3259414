# Everything a person runs. `make help` lists it.
.DEFAULT_GOAL := help
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; \
	done)
VENV ?= .venv
export VENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run demo-data test test-stripe portable chaos night renewals bench defences mutate types-stripe lint audit format fuzz lock wheel messages pictures clean venv-demo venv-test python machine

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: venv-demo ## Start the whole product with stand-ins for what is not configured
	@exec $(VENV)/bin/python -m demo

N ?= 1000
demo-data: venv-demo ## Add N made-up payments to the demo's database
	@$(VENV)/bin/python -m demo.data $(N)

test: venv-test ## Run every check and every test on real parts
	@$(VENV)/bin/python -m parts.testrun

STRIPE_BASE ?= https://api.stripe.com
test-stripe: $(if $(STRIPE_TEST_KEY),venv-test) ## Hold the stand-in's tests against Stripe's test mode, and record it [STRIPE_TEST_KEY=]
	@if [ -z "$$STRIPE_TEST_KEY" ]; then echo "not run: set STRIPE_TEST_KEY"; else \
		$(VENV)/bin/python -m pytest tests/sandbox -q --timeout 600 --record-from $(STRIPE_BASE) \
			$(if $(RECORDINGS),--recordings $(RECORDINGS)); fi

portable: venv-test ## Run the checks and what holds on SQLite, on another Python [PYTHON=python3.13 VENV=.venv-3.13]
	@$(VENV)/bin/python -m parts.testrun --portable

chaos: venv-test ## Break everything while buyers pay, then compare the books [N=500 SEED=]
	@$(VENV)/bin/python -m chaos --buyers $(if $(filter command environment,$(firstword $(origin N))),$(N),500) $(if $(SEED),--seed $(SEED))

SCALE ?= 0.1
night: venv-test ## Let a night pass: six faults in turn, each alert told once and closed [SCALE=1 SEED=]
	@$(VENV)/bin/python -m chaos.night --scale $(SCALE) $(if $(SEED),--seed $(SEED))

MONTHS ?= 12
renewals: venv-test ## Bill N=1000 subscriptions for MONTHS=12 while their workers are killed
	@$(VENV)/bin/python -m chaos.renewals --count $(N) --months $(MONTHS) $(if $(SEED),--seed $(SEED))

bench: venv-test ## Measure every target side by side, and write docs/performance.md [AGAINST=dir]
	@$(VENV)/bin/python -m bench $(if $(AGAINST),--against $(AGAINST))

defences: venv-test ## Take each defence away in turn, and see what notices it
	@$(VENV)/bin/python -m pytest tests/chaos/test_defences.py -q -n 2 -m long

mutate: venv-test ## Put 100 small faults into the product, one at a time, and see which no test notices [COUNT= SEED= MINUTES=]
	@$(VENV)/bin/python -m mutate $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

types-stripe: venv-test ## Hold the stand-in's answers and our scripts against Stripe's TypeScript types (needs Node)
	@$(VENV)/bin/python -m tests.stripe_types.node

machine: venv-test ## Strike every step, and let everything happen in any order (minutes)
	@$(VENV)/bin/python -m pytest tests/chaos -q -m long -n 2 --ignore tests/chaos/test_defences.py

lint: venv-test ## Run the checks that start no server
	@$(VENV)/bin/python -m parts.testrun --lint

audit: venv-test ## Look for known holes in what is pinned, and risky lines in the code and nginx.conf
	@$(VENV)/bin/python -m parts.audit

format: venv-test ## Rewrite the code and templates as the checks want them
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format --quiet .
	@$(VENV)/bin/djlint templates --reformat --quiet

pictures: venv-test ## Take every page of a buyer, in both themes and two widths, into data/pictures [BRAND_COLOR= SHOP_LOGO=]
	@PICTURES=data/pictures $(VENV)/bin/python -m pytest tests/browser/test_pictures*.py -q --timeout 600
	@ls data/pictures/contact-sheet-*.png

messages: venv-test ## Gather what buyers read into the catalogues, to be translated
	@$(VENV)/bin/pybabel -q extract -F translations/babel.cfg -k _ -k gettext -k ngettext:1,2 -k Words \
		-k message --no-default-keywords --no-location --sort-output -o translations/messages.pot .
	@$(VENV)/bin/pybabel -q update -i translations/messages.pot -d translations --width 100 \
		--no-fuzzy-matching --ignore-pot-creation-date
	@rm translations/messages.pot

fuzz: venv-test ## Send 35,000 odd requests (FUZZ_CASES=n for more or fewer)
	@FUZZ_CASES=$${FUZZ_CASES:-35000} $(VENV)/bin/python -m pytest tests/fuzz -q -n 2 --timeout 3600

lock: venv-test ## Pin and hash the requirements again from pyproject.toml and the .in files
	@for name in requirements requirements-demo requirements-tracing requirements-test; do \
		test $$name = requirements && from="pyproject.toml --all-extras" || from=$$name.in; \
		$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
			$(LOCK_FLAGS) $$from -o $$name.txt || exit 1; done

wheel: venv-demo ## Build the wheel that other applications install, into dist/
	@$(VENV)/bin/python -m parts.wheel

clean: ## Remove the virtual environment, caches and the demo's data
	@rm -rf $(VENV) data dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv-demo: python
	@$(PYTHON) -m parts.venv requirements.txt requirements-demo.txt

venv-test: python
	@$(PYTHON) -m parts.venv requirements.txt requirements-demo.txt requirements-tracing.txt requirements-test.txt

python:
	@test -n "$(PYTHON)" || { \
		echo "This needs Python 3.11 or newer: install it, or say PYTHON=/path/to/python3." >&2; exit 1; }

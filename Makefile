# make lab          JupyterLab on the notebooks
# make test         unit tests, and every notebook under nbval: see site/using.md for the time
# make test-slow    what takes longer: all answers in the problem sets' catalogue, some through nbgrader
# make walkthrough  run the notebooks without a browser: PROFILE=smoke, quick or full
# make figures      the same at full scale, keeping outputs and figures: what is committed; solutions in quick
# make gpu-check    images/s of training on a GPU beside a fused loop in JAX; without one, that it would run
# make assignments  the problem sets without their answers, and a zip of them, for teachers
# make student      the course as students get it, without any answers and tests: runs/student.zip
# make grade        SET=ps1_elbo FROM=submissions.zip: grades a class's hand-ins, see notebooks/assignments
# make site         the web site, in runs/site: notebooks as pages, reference, search

PYTHON ?= python3
REQUIREMENTS ?= requirements.txt
PROFILE ?= quick
LAB_OPTIONS ?=
GRADE_OPTIONS ?=
BIN := .venv/bin

# Two workers of one thread each are faster than two threads: most tests are small.
TEST_ENV := TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=1
WORKERS ?= 2

.PHONY: lab test test-slow walkthrough figures gpu-check assignments student grade site lint clean

lab: .venv/ready
	$(BIN)/jupyter lab --notebook-dir=notebooks $(LAB_OPTIONS)

test: .venv/test lint
	$(TEST_ENV) $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal tests
	$(TEST_ENV) $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadscope --nbval notebooks

test-slow: .venv/test
	$(BIN)/python -m pytest -q -m slow tests

walkthrough: .venv/ready
	$(BIN)/python notebooks/walkthrough.py --profile $(PROFILE)

figures: .venv/ready
	$(BIN)/python notebooks/walkthrough.py --profile full --keep
	$(BIN)/python notebooks/walkthrough.py --profile quick --keep \
	  $$(cd notebooks && ls solutions/*.ipynb | sed s/.ipynb//)

gpu-check: .venv/ready
	KERAS_BACKEND=jax $(BIN)/python benchmarks/gpu_check.py

assignments: .venv/course
	cd notebooks/assignments && for set in source/*; do \
	  PATH="$(CURDIR)/$(BIN):$$PATH" nbgrader generate_assignment --force "$$(basename $$set)" || exit 1; done
	mkdir -p runs
	cd notebooks/assignments/release && ../../../$(BIN)/python -m zipfile -c ../../../runs/assignments.zip *
	@echo "for students: runs/assignments.zip"

student: assignments
	PYTHONPATH=notebooks/assignments $(BIN)/python -m grading.student runs/student.zip

grade: .venv/course
	@test -n "$(SET)" && test -n "$(FROM)" || { \
	  echo "make grade SET=ps1_elbo FROM=a folder or a zip of hand-ins"; exit 2; }
	PYTHONPATH=notebooks/assignments $(BIN)/python -m grading "$(SET)" "$(FROM)" $(GRADE_OPTIONS)

# Sphinx's own checks, and no page without all that it links: a warning is an error.
site: .venv/site
	$(BIN)/python -m sphinx -W --keep-going -q -c site -d runs/site-doctrees . runs/site
	@echo "open runs/site/index.html"

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.venv/ready: requirements.txt requirements-gpu.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit( \
	  "Python 3.11 to 3.13 is needed, $(PYTHON) is %d.%d: try make PYTHON=python3.12" % v)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r $(REQUIREMENTS)
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

# What goes with a part of the work: requirements-course.txt, requirements-site.txt, requirements-test.txt.
.venv/course .venv/site .venv/test: .venv/%: .venv/ready requirements-%.txt requirements-course.txt requirements-site.txt
	$(BIN)/python -m pip install --quiet -r requirements-$*.txt
	@touch $@

clean:
	rm -rf .venv runs

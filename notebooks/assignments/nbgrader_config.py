"""nbgrader's settings for this course; run its commands in this folder."""

c = get_config()  # noqa: F821  nbgrader hands it in

c.CourseDirectory.course_id = "cvae"
c.ClearSolutions.code_stub = {"python": "# your answer\nraise NotImplementedError()"}
c.ExecutePreprocessor.timeout = 600  # seconds a cell

"""`tenon-adopt`: bring Tenon into the repository of the current folder, on a branch of its own."""

import argparse
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import copier
from packaging.utils import canonicalize_name

from tenon.adopt import answers, files, metadata
from tenon.adopt.pyproject import merged
from tenon.adopt.report import Refusal, Report
from tenon.adopt.texts import own_text

ANSWERS_FILE = ".copier-answers.yml"
BRANCH = "adopt-tenon"
PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
DISPENSABLE = (
    "project_description",
    "user_name",
    "user_email",
    "repository_url",
    "distribution_name",
)
"""Answers that are left to Copier's defaults if the questions refuse what the metadata says."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository, and the folder in it that becomes a project."""

    root: Path
    """The folder, which a monorepo has below its own root."""
    prefix: str
    """The folder's path in the repository: "" or with a slash at its end."""

    def git(self, *arguments: str | Path, stdin: bytes = b"") -> str:
        """Run git in the folder, without hooks, and return what it prints.

        Raises:
            Refusal: git failed.
        """
        done = subprocess.run(
            ["git", "-c", f"core.hooksPath={os.devnull}", *arguments],
            cwd=self.root,
            input=stdin,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())
            raise Refusal(f"git {arguments[0]} failed: {said}")
        return done.stdout.decode(errors="surrogateescape")

    def files(self) -> list[str]:
        """Return the tracked files of the folder."""
        return self.git("ls-files", "-z").split("\0")[:-1]


def opened(root: Path) -> Repository:
    """Return the repository, if it can be adopted.

    Raises:
        Refusal: It can't.
    """
    try:
        prefix = Repository(root, "").git("rev-parse", "--show-prefix").strip()
    except Refusal as refusal:
        if "not a git repository" not in str(refusal):
            raise
        raise Refusal(
            f"{root} is not in a git repository. Run git init and commit first."
        ) from None
    repository = Repository(root, prefix)
    if (root / ANSWERS_FILE).exists():
        raise Refusal(f"{ANSWERS_FILE} is there already. Run copier update instead.")
    if not repository.files():
        raise Refusal(f"No file of {root} is committed. Commit your files first.")
    if repository.git("status", "--porcelain", "--", "."):
        raise Refusal("The folder has uncommitted changes. Commit or stash them (git stash -u).")
    if not repository.git("branch", "--show-current"):
        raise Refusal("No branch is checked out. Switch to one first (git switch NAME).")
    if repository.git("branch", "--list", BRANCH):
        raise Refusal(f"There is a branch {BRANCH} already. Rename or delete it.")
    return repository


def template_source() -> str:
    """Return the address that this command was installed from.

    Raises:
        Refusal: It was not installed from a repository.
    """
    text = importlib.metadata.distribution("tenon").read_text("direct_url.json")
    if not text:
        raise Refusal("Give the template's URL or absolute path as an argument.")
    found = json.loads(text)
    url = urlsplit(found["url"])
    return url2pathname(url.path) if url.scheme == "file" else f"git+{found['url']}"


def render(
    source: str, folder: Path, options: argparse.Namespace, derived: Mapping[str, object]
) -> None:
    """Render the template with the given answers, the derived ones, and Copier's own questions.

    Raises:
        Refusal: Copier refuses an answer or can't render.
    """
    left = dict(derived)
    while True:
        try:
            copier.run_copy(
                source,
                folder,
                data=options.data,
                user_defaults=left,
                defaults=options.defaults,
                vcs_ref=options.vcs_ref,
                quiet=True,
            )
        except ValueError as error:
            fault = re.search(r"question '(\w+)': (.*)", str(error))
            if not fault:
                raise Refusal(f"Copier can't render the template: {error}") from error
            name, sentence = fault.groups()
            if name in DISPENSABLE and name in left:
                del left[name]
                continue
            hint = f" Give another value by --data {name}=VALUE." if name in derived else ""
            raise Refusal(f"{name}: {sentence}{hint}") from None
        except KeyboardInterrupt:
            raise Refusal("Stopped. Nothing was changed.") from None
        except copier.errors.InteractiveSessionError:
            raise Refusal("There is no terminal to ask questions at. Add --defaults.") from None
        except (copier.errors.CopierError, OSError) as error:
            raise Refusal(f"Copier can't render the template: {error}") from error
        else:
            return


def licence(root: Path, project: metadata.Project, given: Mapping[str, str], report: Report) -> str:
    """Return the answer for the licence; one that Tenon has no choice for stays in the metadata."""
    file = answers.licence_file(root)
    text = file.read_text("utf-8", errors="replace") if file else ""
    answer = given.get("license") or answers.licence_of(project, text)
    kept = "" if answer else answers.expression(project.table.get("license"))
    if kept:
        project.table["license"] = kept
        report.to_do.append(
            f"Tenon does not offer the licence {kept}, so the answer is Proprietary. The metadata "
            "keeps yours; LICENSE has to have its text."
        )
    else:
        project.table.pop("license", None)
    if not answer and not kept:
        report.to_do.append(
            "No licence that Tenon knows was found, so the answer is Proprietary. If that is "
            "wrong, go back and run the command again with, for example, --data license=MIT."
        )
    return answer or "Proprietary"


def adopt(root: Path, options: argparse.Namespace) -> Report:
    """Adopt the project in a folder.

    Raises:
        Refusal: It can't be adopted; nothing was changed.
    """
    repository = opened(root)
    source = options.template or template_source()
    tracked = repository.files()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tenon-") as scratch:
        clone = Path(scratch, "clone")
        top = repository.git("rev-parse", "--show-toplevel").strip()
        repository.git("clone", "--quiet", "--shared", top, clone)
        project = metadata.read(clone / repository.prefix, report)
        package = answers.package_of(tracked, project, options.data.get("package_name"))
        places = answers.places(root, tracked, package, project)
        answer = licence(root, project, options.data, report)
        derived = answers.answers(project, package, PYTHONS, answer)
        report.answers = {**derived, **options.data}
        name = str(derived.get("distribution_name") or canonicalize_name(root.name))
        made = Path(scratch, "made", name)
        render(source, made, options, derived)
        names = files.rendered_files(made)
        sentences = [*files.obstacles(root, names, made), *files.ignored(root, names, tracked)]
        if sentences:
            raise Refusal("\n".join(sentences))
        writes = files.decide(root, made, names, report)
        text = merged(
            (made / "pyproject.toml").read_text("utf-8"),
            project,
            own_text(root / "pyproject.toml"),
            report,
            places,
        )
        if not package:
            report.to_do.append(
                "None of your packages becomes the service, so Tenon makes one. Other modules that "
                "the wheel needs go to [tool.hatch.build.targets.wheel], in this form: "
                'force-include."tool.py" = "tool.py".'
            )
        writes.append(files.Write("pyproject.toml", text.encode(), made / "pyproject.toml"))
        report.to_do += files.left_to_do(root, str(report.answers["python_min"]))
        apply(repository, writes, report)
    return report


def apply(repository: Repository, writes: Sequence[files.Write], report: Report) -> None:
    """Write the files on a branch, and leave conflicts in the index as a merge does.

    Raises:
        Refusal: A file can't be written; nothing was changed.
    """
    stages = []
    for write in writes:
        if write.theirs is not None:
            tracked = repository.git("ls-files", "--stage", "--", write.path).split()
            ours = repository.git("hash-object", "-w", "--", write.source).strip()
            path = repository.prefix + write.path
            if tracked:
                stages.append(f"0 {'0' * 40}\t{path}")
                stages.append(f"{tracked[0]} {tracked[1]} 2\t{path}")
                stages.append(f"{tracked[0]} {ours} 3\t{path}")
    repository.git("switch", "--quiet", "--create", BRANCH)
    try:
        with files.written(repository.root, writes):
            index = "".join(f"{stage}\n" for stage in stages)
            repository.git("update-index", "--index-info", stdin=index.encode())
    except BaseException as error:
        repository.git("checkout", "--quiet", "-")
        repository.git("branch", "--quiet", "--delete", "--force", BRANCH)
        if isinstance(error, OSError):
            raise Refusal(f"A file can't be written: {error}. Nothing was changed.") from error
        raise
    written = {write.path for write in writes}
    ignored = repository.git("ls-files", "--others", "--ignored", "--exclude-standard", "-z")
    report.to_do += [
        f".gitignore ignores {path}, which is Tenon's. Correct the pattern, or use git add -f."
        for path in sorted(written.intersection(ignored.split("\0")))
    ]


NEXT = """
Next, on the branch {branch}:

{conflicts}  uv lock
  uv run pytest --ignore=tests/core --ignore=tests/architecture
  git add . && git commit -m "Adopt Tenon"

docs/adopt.md of the template says how to make every gate pass, and how to go back."""


def next_steps(report: Report) -> str:
    """Return what to do next."""
    has_conflicts = any(item.status == "conflict" for item in report.files)
    conflicts = "  git ls-files -u      (solve these conflicts, then git add the files)\n"
    return NEXT.format(branch=BRANCH, conflicts=conflicts if has_conflicts else "")


def answer(text: str) -> tuple[str, str]:
    """Read an argument of --data."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"write name=value, not {text}")
    return name, value


def main(argv: Sequence[str] | None = None) -> int:
    """Adopt the repository of the current folder and print the report."""
    parser = argparse.ArgumentParser(prog="tenon-adopt", description=__doc__)
    parser.add_argument(
        "template",
        nargs="?",
        help="URL or absolute path of the template (default: where this command is installed from)",
    )
    parser.add_argument(
        *("-d", "--data"),
        metavar="NAME=VALUE",
        type=answer,
        action="append",
        default=[],
        help="an answer to a question of the template",
    )
    parser.add_argument(*("-l", "--defaults"), action="store_true", help="ask nothing")
    parser.add_argument("--vcs-ref", help="release of the template (default: the newest)")
    options = parser.parse_args(argv)
    options.data = dict(options.data)
    try:
        report = adopt(Path.cwd(), options)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print("\n".join(report.lines()))
    print(next_steps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())

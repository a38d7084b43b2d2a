#!/usr/bin/env python3
"""The kit's own test: broken variants of the reference node, of a client and of the node in Python, each
caught by a named case.

    run.py                 all of mutants.json: build, judge, table; exit 1 if one is not caught
    run.py --python        all of python.json: one fault a requirement in the node in Python
    run.py --check         only that each piece of text stands where it should, exactly once
    run.py --only GLOB     some of them
    run.py --without-proofs  deletes the proof code of aemp-proto, and shows that the kit that is built
                           with the rest of it says the same of the node as it is and of every vector

Works on a copy of the repository (what git knows of it) below target/mutants and builds there.
The expected case is written down before the run; it must pass on the node as it is.
"""
import argparse, concurrent.futures, fnmatch, json, os, pathlib, shutil, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = json.loads((ROOT / "conformance/mutants/mutants.json").read_text())["mutants"]
PYTHON = json.loads((ROOT / "conformance/mutants/python.json").read_text())["mutants"]
NODE = pathlib.Path("conformance/subjects/python")
WORK = ROOT / "target/mutants"
COPY, BUILD = WORK / "copy", WORK / "build"
CASE_SECONDS = 120
JUDGES = 6
PROOFS = "aemp-proto/src/auth/proof.rs"


def edited(mutant):
    """The files that a mutant changes, as they are then; ValueError where a text is missing or stands twice."""
    texts = {}
    python = "edits" in mutant
    for edit in mutant["edits"] if python else [mutant]:
        file = str(NODE / edit["file"]) if python else edit["file"]
        text = texts.get(file) or (ROOT / file).read_text()
        count = text.count(edit["find"])
        if count != 1:
            raise ValueError(f"its text stands {count} times in {file}")
        texts[file] = text.replace(edit["find"], edit["replace"])
    return texts


def check(mutants):
    """What does not fit: a text that is missing or stands twice, an ID or a case that is wrong."""
    wrong, seen = [], set()
    cases = {path.stem for path in (ROOT / "conformance/cases").glob("*/*.json")}
    for mutant in mutants:
        try:
            edited(mutant)
        except ValueError as error:
            wrong.append(f"{mutant['id']}: {error}")
        if mutant["id"] in seen:
            wrong.append(f"{mutant['id']}: the ID stands twice")
        seen.add(mutant["id"])
        if mutant["case"] not in cases:
            wrong.append(f"{mutant['id']}: there is no case {mutant['case']}")
    return wrong


def cargo(*arguments, quiet=True):
    # Every variant differs in one place only, and nobody debugs it. Wrappers that cache refuse increments.
    command = ["cargo", *arguments, "--target-dir", str(BUILD), "--config", "profile.dev.debug=false"]
    return subprocess.run(command, cwd=COPY, capture_output=quiet, text=True,
                          env={**os.environ, "CARGO_INCREMENTAL": "1", "RUSTC_WRAPPER": ""})


def copy():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in files.decode().split("\0")[:-1]:
        source, target = ROOT / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copy(source, target)     # with a new time, or cargo would take it for built


def is_client(mutant):
    """Whether it is one of the client in Python, which nobody needs to build."""
    return mutant["file"].endswith(".py")


def judge(mutant, node, client=None):
    """The outcome of a mutant's case against the command `node`, or a client, and what the kit said."""
    case, suite = mutant["case"], mutant.get("suite")
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        result = pathlib.Path(folder) / "result.json"
        subject = str(COPY / "conformance/subjects/reference/run")
        if is_client(mutant):
            subject, suite = f"python3 '{client}' {{seed}} {{secret}} {{node_id}} {{port}}", "sha3"
        command = [str(WORK / "kit"), "run", "--case", case, "--json", str(result), "--exec", subject]
        if suite:
            command += ["--suite", suite]
        try:
            done = subprocess.run(command, cwd=COPY, capture_output=True, text=True, timeout=CASE_SECONDS,
                                  env={**os.environ, "AEMP": str(node)})
        except subprocess.TimeoutExpired:
            return "no verdict", f"nothing within {CASE_SECONDS} s"
        return verdict(done, result)


def verdict(done, result):
    """What came of a run of the kit with one case, and what it said."""
    outcomes = [one["outcome"] for one in json.loads(result.read_text())["cases"]] if result.exists() else []
    if done.returncode == 0 and outcomes == ["pass"]:
        return "pass", done.stdout
    if done.returncode == 1 and outcomes and outcomes[0] in ("fail", "hang", "crash"):
        return "caught", done.stdout
    return "no verdict", done.stdout + done.stderr


def twice(mutant, judge):
    """Judges again what has passed, and says so: some faults are races, and show most times only."""
    outcome, said = judge()
    if outcome != "pass":
        return outcome, said
    print(f"passed once {mutant['id']} ({mutant['case']}), judged again", flush=True)
    return judge()


def judge_python(mutant):
    """What came of a fault in the node in Python, and what the kit said."""
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        folder = pathlib.Path(folder)
        shutil.copytree(ROOT / NODE / "aemp_node", folder / "aemp_node", ignore=shutil.ignore_patterns("__pycache__"))
        for file, text in edited(mutant).items():
            (folder / pathlib.Path(file).relative_to(NODE)).write_text(text)
        result = folder / "result.json"
        command = [str(WORK / "kit"), "run", "--case", mutant["case"], "--jobs", "1", "--json", str(result),
                   "--exec", "python3 -m aemp_node"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=CASE_SECONDS)
            return verdict(done, result)
        except subprocess.TimeoutExpired:
            return "no verdict", f"nothing within {CASE_SECONDS} s"


def caught_python(mutant):
    """Whether a fault in the node in Python was caught; a line about it where it was not."""
    outcome, said = twice(mutant, lambda: judge_python(mutant))
    if outcome != "caught":
        print(f"{outcome.upper():12}{mutant['id']}: {mutant['about']} [{mutant['requirement']}] ({mutant['case']})\n"
              f"{said.strip()[-2000:]}", flush=True)
    return outcome == "caught"


def python(mutants):
    """Judges the faults in the node in Python; whether all of them were caught."""
    cases = sorted({mutant["case"] for mutant in mutants})
    chosen = [argument for case in cases for argument in ("--case", case)]
    whole = subprocess.run([str(WORK / "kit"), "run", *chosen, "--timeout-scale", "3", "--exec", "python3 -m aemp_node"],
                           cwd=ROOT / NODE, capture_output=True, text=True)
    if whole.returncode:
        sys.exit(f"the node in Python as it is does not pass:\n{whole.stdout.strip()[-4000:]}\n{whole.stderr.strip()[-2000:]}")
    with concurrent.futures.ThreadPoolExecutor(JUDGES) as pool:
        caught = sum(pool.map(caught_python, mutants))
    print(f"{caught} of {len(mutants)} faults in the node in Python were caught; {len(cases)} cases were asked")
    return caught == len(mutants)


def broken(mutant, text):
    """Builds a mutant; where it is, and the trouble if it does not build."""
    made = WORK / "broken" / mutant["id"]
    made.parent.mkdir(exist_ok=True)
    file, other = COPY / mutant["file"], text.replace(mutant["find"], mutant["replace"])
    if is_client(mutant):
        made.write_text(other)
        return made, None
    try:
        file.write_text(other)
        built = cargo("build", "--quiet", "--package", "aemp-node", "--bin", "aemp")
    finally:
        file.write_text(text)
    if built.returncode:
        return made, built.stderr
    shutil.copy2(BUILD / "debug/aemp", made)
    return made, None


def built_and_judged(mutant, made, trouble):
    """A line about a mutant; whether it was caught."""
    outcome, said = ("does not build", trouble) if trouble else twice(mutant, lambda: judge(mutant, made, made))
    made.unlink(missing_ok=True)
    line = f"{outcome if outcome == 'caught' else outcome.upper():12}{mutant['id']}: {mutant['about']} ({mutant['case']})"
    print(line if outcome in ("caught", "pass") else f"{line}\n{said.strip()[-2000:]}", flush=True)
    return outcome == "caught"


def outcomes(kit, *arguments):
    """What a kit says of each case, against the node as it is."""
    result = WORK / "result.json"
    result.unlink(missing_ok=True)
    command = [str(kit), "run", *arguments, "--json", str(result)]
    done = subprocess.run(command, cwd=COPY, capture_output=True, text=True,
                          env={**os.environ, "AEMP": str(WORK / "aemp")})
    if not result.exists():
        sys.exit(f"{' '.join(command)} gave no result: {done.stderr.strip()[-500:]}")
    return {case["id"]: case["outcome"] for case in json.loads(result.read_text())["cases"]}


def without_proofs():
    """The kit's expected proofs do not come from the core that it judges."""
    shutil.copy2(BUILD / "debug/aemp", WORK / "aemp")
    file = COPY / PROOFS
    text = file.read_text()
    before, rest = text.split("fn own(\n", 1)
    head, _ = rest.split("{\n", 1)
    try:
        file.write_text(before + "fn own(\n" + head + "{\n    let _ = (method, transcript, secret);\n    None\n}\n")
        built = cargo("build", "--quiet", "--package", "aemp-conformance", "--bin", "aemp-conformance")
        if built.returncode:
            sys.exit("the kit does not build without the proof code:\n" + built.stderr[-3000:])
        shutil.copy2(BUILD / "debug/aemp-conformance", WORK / "kit-without")
    finally:
        file.write_text(text)
    exec_node = ["--level", "transport", "--exec", str(COPY / "conformance/subjects/reference/run")]
    whole, without = outcomes(WORK / "kit", *exec_node), outcomes(WORK / "kit-without", *exec_node)
    differing = [case for case in whole if whole[case] != without.get(case)]
    said = [subprocess.run([str(WORK / kit), "vectors"], cwd=COPY, capture_output=True, text=True)
            for kit in ("kit", "kit-without")]
    embedded = outcomes(WORK / "kit-without", "--case", "handshake-ordinary")
    print(f"{len(whole)} cases of transport against the node as it is: {sum(o == 'pass' for o in whole.values())} pass"
          f" by the kit, {sum(o == 'pass' for o in without.values())} by the kit without proof code in the core")
    print(f"vectors: {said[1].stdout.strip().splitlines()[-1] if said[1].stdout.strip() else said[1].stderr.strip()[-300:]}")
    print(f"the node built without it: handshake-ordinary is {embedded['handshake-ordinary']}")
    if differing or said[0].stdout != said[1].stdout or said[1].returncode or "pass" in embedded.values():
        sys.exit(f"the kit rests on the core's proofs: {differing or 'vectors, or nothing was deleted'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", default="*")
    parser.add_argument("--python", action="store_true")
    parser.add_argument("--without-proofs", action="store_true")
    arguments = parser.parse_args()
    mutants = [mutant for mutant in (PYTHON if arguments.python else LIST) if fnmatch.fnmatch(mutant["id"], arguments.only)]
    wrong = check(mutants)
    if wrong or not mutants:
        sys.exit("\n".join(wrong) or "no mutant is selected")
    if arguments.check:
        print(f"{len(mutants)} broken variants fit the text")
        return
    copy()
    targets = [("aemp-conformance", "aemp-conformance"), ("aemp-node", "aemp")]
    only_clients = (arguments.python or all(map(is_client, mutants))) and not arguments.without_proofs
    for package, target in targets[:1] if only_clients else targets:
        built = cargo("build", "--quiet", "--package", package, "--bin", target, quiet=False)
        if built.returncode:
            sys.exit(f"{package} as it is does not build")
    shutil.copy2(BUILD / "debug/aemp-conformance", WORK / "kit")
    if arguments.without_proofs:
        without_proofs()
        return
    if arguments.python:
        sys.exit(not python(mutants))
    if not only_clients:
        shutil.copy2(BUILD / "debug/aemp", WORK / "aemp")
    cases = {(m["case"], m.get("suite"), is_client(m)): m for m in mutants}.values()
    # One builds while others are judged: most of a judge's time is waiting.
    with concurrent.futures.ThreadPoolExecutor(JUDGES) as pool:
        whole = list(pool.map(lambda m: (m, judge(m, WORK / "aemp", COPY / m["file"])), cases))
        for mutant, (outcome, said) in whole:
            if outcome != "pass":
                print(f"NOT PASSED  {mutant['case']} by the subject as it is:\n{said.strip()[-4000:]}", flush=True)
        judged = []
        for mutant in mutants:
            made, trouble = broken(mutant, (COPY / mutant["file"]).read_text())
            judged.append(pool.submit(built_and_judged, mutant, made, trouble))
        caught = sum(one.result() for one in judged)
    print(f"{caught} of {len(mutants)} broken variants were caught; {len(cases)} cases were asked")
    sys.exit(caught < len(mutants) or any(outcome != "pass" for _, (outcome, _) in whole))


if __name__ == "__main__":
    main()

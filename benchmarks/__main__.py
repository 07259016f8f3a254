"""`make bench`: every file of benchmarks/ in its own process, one after the other.

    python -m benchmarks            all of them
    python -m benchmarks knn        the files that are named;  --quick is passed on
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NO_BENCHMARK = {"__main__", "compare"}

options = [argument for argument in sys.argv[1:] if argument.startswith("-")]
names = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
for name in names or sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NO_BENCHMARK):
    print(f"\n## {name}\n", flush=True)
    subprocess.run([sys.executable, str(HERE / f"{name}.py"), *options], cwd=HERE.parent, check=True)

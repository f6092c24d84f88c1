"""Assembling alone: ``python -m benchmarks.speed.assembling PROJECT.yaml HOME FRAME`` writes the night's features.

Prints as JSON the seconds for reading and checking the tables and for the features, and the rows.
"""

import json
import shutil
import sys
import time
from pathlib import Path


def main() -> None:
    """Read, check, assemble; leave the frame and the champion's bundle beside each other."""
    import pyarrow.parquet as pq

    from features.frames import open_frame
    from pipelines.home import Home, prepare_environment
    from pipelines.reading import moment_of, read, tidy
    from pipelines.registry import Registry
    from pipelines.scoring import catalogue_of
    from pipelines.settings import make_request

    project_file, home, target = map(Path, sys.argv[1:4])
    prepare_environment(Home(home))
    request = make_request(project_file, None, Home(home))
    registry = Registry(request.home, request.project.project)
    bundle = registry.fetch(registry.champion(project_file), target.parent / "champion")
    catalogue = catalogue_of(bundle, request.project.project)
    begun = time.perf_counter()
    tables = read(request, catalogue)
    checked = time.perf_counter()
    frame = open_frame(tables, request.project, catalogue, moment_of(request, tables), request.work)
    ended = time.perf_counter()
    shutil.copy(frame, target)
    tidy(request)
    told = {
        "read_and_check": checked - begun,
        "features": ended - checked,
        "rows": pq.ParquetFile(target).metadata.num_rows,
        "columns": len(catalogue.features),
        "bundle": str(bundle),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()

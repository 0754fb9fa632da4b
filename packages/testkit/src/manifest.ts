import { MANIFEST_VERSION } from '@blackhole/protocol'
import type { Manifest } from '@blackhole/protocol'

/** The manifest of a site's first version: these files, and nothing else that a test would have to know of. */
export function testManifest(files: Manifest['files'] = {}, changes: Partial<Omit<Manifest, 'files'>> = {}): Manifest {
  return {
    version: MANIFEST_VERSION,
    sequence: 1,
    previous: null,
    created: '2026-01-01T00:00:00Z',
    origins: [],
    documents: 'site',
    retired: false,
    ...changes,
    files,
  }
}

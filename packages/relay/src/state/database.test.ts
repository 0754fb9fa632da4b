import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import { MIGRATIONS } from './migrations.ts'

/** Steps that relays in the world have run, as SHA-256: a changed one would leave those with another schema than new ones. */
const RELEASED = ['5f9e95390b7a87178b185617b79fc5d3e608d3fab176786b5381f6961b1bfb70']

const LATER = [
  ...MIGRATIONS,
  `ALTER TABLE sites ADD COLUMN note TEXT NOT NULL DEFAULT ''; UPDATE sites SET note = 'from ' || sequence`,
]

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blackhole-database-'))
  path = join(folder, 'state.sqlite')
  const database = openDatabase(path)
  database
    .prepare('INSERT INTO sites (name, record, sequence, root, expires, updated) VALUES (?, ?, ?, ?, ?, ?)')
    .run('k51', Uint8Array.of(1, 2), 7, 'bafy', 10, 5)
  database.close()
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** The one site that is stored, and the schema's version. */
function stored(migrations?: readonly string[]): unknown {
  const database = openDatabase(path, migrations)
  try {
    return [
      { ...database.prepare('SELECT * FROM sites').get() },
      database.prepare('PRAGMA user_version').get()?.['user_version'],
    ]
  } finally {
    database.close()
  }
}

const SITE = { name: 'k51', record: Uint8Array.of(1, 2), sequence: 7, root: 'bafy', expires: 10, updated: 5 }

test('steps that were released stay as they are', () => {
  const hashes = MIGRATIONS.map((sql) => createHash('sha256').update(sql).digest('hex'))
  expect(hashes.slice(0, RELEASED.length)).toEqual(RELEASED)
})

test('state of an older schema is brought to the newer one, once, with all that it has', () => {
  const version = MIGRATIONS.length
  expect(stored()).toEqual([SITE, version])
  expect(stored(LATER)).toEqual([{ ...SITE, note: 'from 7' }, version + 1])
  // Were the step to run again, it would fail: the column is there.
  expect(stored(LATER)).toEqual([{ ...SITE, note: 'from 7' }, version + 1])
})

test('the newest of the versions that were taken before records were kept has the record of its site', () => {
  rmSync(path)
  const before = openDatabase(path, MIGRATIONS.slice(0, 2))
  before
    .prepare('INSERT INTO sites (name, record, sequence, root, expires, updated) VALUES (?, ?, ?, ?, ?, ?)')
    .run('k51', Uint8Array.of(1, 2), 7, 'bafy', 10, 5)
  for (const sequence of [6, 7])
    before
      .prepare(
        "INSERT INTO versions (site, sequence, root, files, bytes, origins, published) VALUES ('k51', ?, 'bafy', 1, 1, '[]', 5)",
      )
      .run(sequence)
  before.close()
  const database = openDatabase(path)
  try {
    const versions = database.prepare('SELECT sequence, record FROM versions ORDER BY sequence').all()
    expect(versions.map(({ sequence, record }) => [sequence, record])).toEqual([
      [6, null],
      [7, Uint8Array.of(1, 2)],
    ])
  } finally {
    database.close()
  }
})

test('a step that fails half-way leaves the state as it was, for the relay that wrote it', () => {
  const failing = [...MIGRATIONS, 'DELETE FROM sites; ALTER TABLE nowhere ADD COLUMN x']
  expect(() => openDatabase(path, failing)).toThrow(/state\.sqlite/)
  expect(stored()).toEqual([SITE, MIGRATIONS.length])
})

test('state of a newer schema is refused with both versions named, and untouched', async () => {
  stored(LATER)
  const before = await readFile(path)
  expect(() => openDatabase(path)).toThrow(
    `data: ${path} has schema ${String(LATER.length)}, newer than the ${String(MIGRATIONS.length)} of this relay. Run the newer relay`,
  )
  expect((await readFile(path)).equals(before)).toBe(true)
  expect(stored(LATER)).toEqual([{ ...SITE, note: 'from 7' }, LATER.length])
})

test('what is no database is left alone', async () => {
  await writeFile(path, 'a letter to nobody, longer than the header of SQLite, which is a hundred bytes. '.repeat(4))
  const before = await readFile(path)
  expect(() => openDatabase(path)).toThrow(/damaged or not a database of the relay/)
  expect((await readFile(path)).equals(before)).toBe(true)
})

/**
 * The schema as a list of steps. Step n brings a database of version n to
 * n + 1, within one transaction; steps are never changed, only added.
 * `user_version` of the file says how many have run.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- Key-value pairs of libp2p and Helia.
  CREATE TABLE datastore (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

  -- Blocks on disk by multihash. The row is written after the file: what has a row is whole.
  CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    owner TEXT NOT NULL,
    touched INTEGER NOT NULL
  );
  CREATE INDEX blocks_touched ON blocks (touched);

  -- Bytes per site that first brought them, for the quota.
  CREATE TABLE usage (owner TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TRIGGER blocks_insert AFTER INSERT ON blocks BEGIN
    INSERT INTO usage (owner, bytes) VALUES (new.owner, new.size)
      ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes;
  END;
  CREATE TRIGGER blocks_delete AFTER DELETE ON blocks BEGIN
    UPDATE usage SET bytes = bytes - old.size WHERE owner = old.owner;
  END;

  -- Times are milliseconds since 1970.
  CREATE TABLE sites (
    name TEXT PRIMARY KEY,
    record BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    root TEXT NOT NULL,
    expires INTEGER NOT NULL,
    updated INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE versions (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    root TEXT NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    origins TEXT NOT NULL,
    published INTEGER NOT NULL,
    UNIQUE (site, sequence)
  );

  -- Which blocks a version keeps from collection.
  CREATE TABLE pins (
    version INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    block INTEGER NOT NULL REFERENCES blocks (id),
    PRIMARY KEY (version, block)
  ) WITHOUT ROWID;
  CREATE INDEX pins_block ON pins (block);
  `,
  `
  -- Assets of pull zones as JSON: what HTTP needs to know of them. Their blocks are pinned by the zone's versions.
  CREATE TABLE pulled (site TEXT NOT NULL, path TEXT NOT NULL, asset TEXT NOT NULL, PRIMARY KEY (site, path)) WITHOUT ROWID;
  `,
  `
  -- The record that made a version the newest: it shows the owner that the version is their own. Older ones have none.
  ALTER TABLE versions ADD COLUMN record BLOB;
  UPDATE versions SET record =
    (SELECT record FROM sites WHERE sites.name = versions.site AND sites.sequence = versions.sequence);
  `,
]

import { MAX_BLOCK_BYTES } from '@blackhole/protocol'

/** A site version: its pieces as numbers, in the order of its bitfields. */
export interface VersionPieces {
  readonly root: string
  /** Number of each piece, by its index in the version. */
  readonly pieces: readonly number[]
  /** Index in the version, by number. */
  readonly indices: ReadonlyMap<number, number>
}

/**
 * Numbers for pieces, shared by all versions: a piece that two versions have in common is
 * one piece. Numbers of forgotten pieces are given out again.
 */
export class PieceTable {
  readonly #numbers = new Map<string, number>()
  readonly #cids: string[] = []
  readonly #uses: number[] = []
  readonly #free: number[] = []
  readonly #sizes = new Map<number, number>()
  readonly #versions = new Map<string, VersionPieces>()

  /** Number of a piece of any known version. */
  number(cid: string): number | undefined {
    return this.#numbers.get(cid)
  }

  cid(piece: number): string | undefined {
    return this.#cids[piece]
  }

  /** Bytes of a piece, as its version's manifest says; undefined when that was not told. */
  size(piece: number): number | undefined {
    return this.#sizes.get(piece)
  }

  /** The same by CID. */
  sizeOf(cid: string): number | undefined {
    const piece = this.#numbers.get(cid)
    return piece === undefined ? undefined : this.#sizes.get(piece)
  }

  version(root: string): VersionPieces | undefined {
    return this.#versions.get(root)
  }

  get versions(): IterableIterator<VersionPieces> {
    return this.#versions.values()
  }

  /**
   * Adds a version; one that is known already stays as it is.
   *
   * @param sizes - bytes of each piece, when known; a hint, since only the CID decides
   */
  add(root: string, cids: readonly string[], sizes: readonly number[] = []): VersionPieces {
    const known = this.#versions.get(root)
    if (known !== undefined) return known
    const pieces = cids.map((cid) => this.#use(cid))
    const version: VersionPieces = { root, pieces, indices: new Map(pieces.map((piece, index) => [piece, index])) }
    this.#versions.set(root, version)
    for (const [index, piece] of pieces.entries()) {
      const size = sizes[index]
      if (size !== undefined && size >= 0 && size <= MAX_BLOCK_BYTES) this.#sizes.set(piece, size)
    }
    return version
  }

  /** @returns numbers of pieces that no version has any more */
  remove(root: string): number[] {
    const version = this.#versions.get(root)
    this.#versions.delete(root)
    return version?.pieces.filter((piece) => this.#unuse(piece)) ?? []
  }

  #use(cid: string): number {
    const piece = this.#numbers.get(cid) ?? this.#free.pop() ?? this.#cids.length
    this.#numbers.set(cid, piece)
    this.#cids[piece] = cid
    this.#uses[piece] = (this.#uses[piece] ?? 0) + 1
    return piece
  }

  #unuse(piece: number): boolean {
    const uses = (this.#uses[piece] ?? 0) - 1
    this.#uses[piece] = uses
    if (uses > 0) return false
    this.#numbers.delete(this.#cids[piece] ?? '')
    this.#sizes.delete(piece)
    this.#free.push(piece)
    return true
  }
}

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
  readonly #versions = new Map<string, VersionPieces>()

  /** Number of a piece of any known version. */
  number(cid: string): number | undefined {
    return this.#numbers.get(cid)
  }

  cid(piece: number): string | undefined {
    return this.#cids[piece]
  }

  version(root: string): VersionPieces | undefined {
    return this.#versions.get(root)
  }

  get versions(): IterableIterator<VersionPieces> {
    return this.#versions.values()
  }

  /** Adds a version; one that is known already stays as it is. */
  add(root: string, cids: readonly string[]): VersionPieces {
    const known = this.#versions.get(root)
    if (known !== undefined) return known
    const pieces = cids.map((cid) => this.#use(cid))
    const version: VersionPieces = { root, pieces, indices: new Map(pieces.map((piece, index) => [piece, index])) }
    this.#versions.set(root, version)
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
    this.#free.push(piece)
    return true
  }
}

/** Most edits between a typo and the word that is suggested for it. */
const MAX_EDITS = 2

/** The word of the list that was probably meant, or undefined when none is near. */
export function suggest(word: string, words: readonly string[]): string | undefined {
  const ranked = words
    .map((candidate) => ({ candidate, edits: edits(word, candidate) }))
    .filter(({ candidate, edits: count }) => count <= MAX_EDITS || (word.length > 1 && candidate.startsWith(word)))
    .sort((a, b) => a.edits - b.edits)
  return ranked[0]?.candidate
}

/** Edits (insert, delete, replace, swap neighbours) between two words: Damerau's distance, restricted. */
function edits(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) => [i])
  for (let j = 0; j <= b.length; j++) cell(rows, 0)[j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replace = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(at(rows, i - 1, j) + 1, at(rows, i, j - 1) + 1, at(rows, i - 1, j - 1) + replace)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(rows, i - 2, j - 2) + 1)
      cell(rows, i)[j] = best
    }
  }
  return at(rows, a.length, b.length)
}

function cell(rows: number[][], i: number): number[] {
  return rows[i] ?? []
}

function at(rows: number[][], i: number, j: number): number {
  return rows[i]?.[j] ?? Number.MAX_SAFE_INTEGER
}

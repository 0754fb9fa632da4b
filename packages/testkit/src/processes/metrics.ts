/** Figures that a relay gave under `/metrics`, in Prometheus's text format. */
export class Metrics {
  readonly #samples: readonly { name: string; labels: Readonly<Record<string, string>>; value: number }[]

  constructor(text: string) {
    this.#samples = text.split('\n').flatMap((line) => {
      const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? []
      return name === undefined ? [] : [{ name, labels: parseLabels(labels), value: Number(value) }]
    })
  }

  /** The sum of all samples of a name that have these labels; 0 when there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.#samples
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
      .reduce((sum, sample) => sum + sample.value, 0)
  }

  /** Whether the relay reports a metric of this name at all. */
  has(name: string): boolean {
    return this.#samples.some((sample) => sample.name === name)
  }

  /** Bytes of content that the relay itself sent. */
  get contentBytes(): { http: number; p2p: number } {
    const of = (transport: string) => this.value('blackhole_content_bytes_total', { transport })
    return { http: of('http'), p2p: of('p2p') }
  }
}

function parseLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
  return Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value]))
}

import { join } from 'node:path'
import ts from 'typescript'
import { packages, ROOT, sources, text } from './workspace.ts'

/** A named bound and why it is there. */
export interface Limit {
  readonly name: string
  readonly value: number
  readonly why: string
}

/** A package's `limits.ts`. */
export interface LimitsFile {
  readonly path: string
  /** Name of the package: `@blackhole/relay`. */
  readonly owner: string
  readonly limits: readonly Limit[]
}

/** Where the document lies. */
export const LIMITS_DOCUMENT = 'docs/limits.md'

/** Reads every `limits.ts` of the packages. */
export async function readLimits(): Promise<LimitsFile[]> {
  const found: LimitsFile[] = []
  for (const workspace of packages()) {
    for (const path of sources(workspace).filter((file) => file.endsWith('/limits.ts'))) {
      const values = (await import(join(ROOT, path))) as Record<string, unknown>
      const limits = documentedConstants(path).map(({ name, why }) => ({ name, value: Number(values[name]), why }))
      found.push({ path, owner: workspace.json.name, limits })
    }
  }
  return found
}

/** The document: one table per package, in the words of the code. */
export async function limitsDocument(): Promise<string> {
  const sections = (await readLimits()).map(({ path, owner, limits }) => {
    const rows = limits.map(({ name, value, why }) => `| \`${name}\` | ${show(name, value)} | ${why} |`)
    return [
      `## ${owner}`,
      '',
      `From [\`${path}\`](../${path}).`,
      '',
      '| limit | value | why |',
      '| --- | --- | --- |',
      ...rows,
    ]
  })
  return `${[...INTRODUCTION, ...sections.flatMap((section) => ['', ...section])].join('\n')}\n`
}

const INTRODUCTION = [
  '# Limits',
  '',
  'Every bound of Blackhole with its value and the attack or platform limit that it answers. This file is written by',
  '`npm run generate` from the comments in the code; a test fails when the two differ. Those that an operator may change',
  'are options of `blackhole relay`: see [operating.md](operating.md).',
]

function documentedConstants(path: string): { name: string; why: string }[] {
  const source = ts.createSourceFile(path, text(path), ts.ScriptTarget.Latest, true)
  return source.statements
    .filter((statement) => ts.isVariableStatement(statement))
    .filter((statement) => statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true)
    .flatMap((statement) => {
      const why = ts.getJSDocCommentsAndTags(statement).map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
      return statement.declarationList.declarations.map(({ name }) => ({
        name: name.getText(source),
        why: inline(why.join(' ')),
      }))
    })
}

/** One line of Markdown that a table cell can hold. */
function inline(comment: string): string {
  return comment
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .trim()
}

function show(name: string, value: number): string {
  if (name.includes('BYTES'))
    return scaled(
      value,
      [
        ['GiB', 2 ** 30],
        ['MiB', 2 ** 20],
        ['KiB', 2 ** 10],
      ],
      'bytes',
    )
  if (name.endsWith('_MS'))
    return scaled(
      value,
      [
        ['days', 86_400_000],
        ['h', 3_600_000],
        ['min', 60_000],
        ['s', 1000],
      ],
      'ms',
    )
  return value.toLocaleString('en-US')
}

/** The largest unit that the value is at least one of, when that makes a short number. */
function scaled(value: number, units: readonly (readonly [string, number])[], base: string): string {
  const fitting = units.find(([, size]) => value >= size && Number.isInteger((value / size) * 10))
  if (fitting === undefined) return `${value.toLocaleString('en-US')} ${base}`
  const amount = value / fitting[1]
  return `${String(amount)} ${amount === 1 ? fitting[0].replace(/^days$/, 'day') : fitting[0]}`
}

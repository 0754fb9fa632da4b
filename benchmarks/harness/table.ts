import type { Report } from './report.ts'

/** The report as text for people: aligned columns, one line per row, then the aims. */
export function renderReport(report: Report): string {
  const rows = report.rows.map((row) => [row.name, String(row.value), row.unit, row.runs.join(' ')])
  const ratios = report.ratios.map((ratio) => [
    ratio.name,
    String(ratio.value),
    `aim ${ratio.aim}`,
    ratio.met ? 'met' : 'NOT MET',
  ])
  return [
    `${report.bench}, ${String(report.machine.cores)} cores, load ${String(report.machine.load)} before the first run`,
    '',
    ...align([['', 'median', 'unit', 'runs'], ...rows]),
    ...(ratios.length === 0 ? [] : ['', ...align(ratios)]),
  ].join('\n')
}

/** Pads cells so that columns line up; the second column, numbers, to the right. */
function align(lines: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const line of lines)
    line.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)))
  return lines.map((line) =>
    line
      .map((cell, column) => (column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

type Cell = string | number

/** Rows in aligned columns, numbers to the right, with a line under the header. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const widths = header.map((name, at) => Math.max(name.length, ...rows.map(row => String(row[at]).length)))
  const line = (cells: readonly Cell[]): string =>
    cells
      .map((cell, at) => (typeof cell === 'number' ? String(cell).padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd()
  return [line(header), widths.map(width => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}

import type { Row } from './stage.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim()

/** Where and when a run took place. */
export type Run = {
  readonly cluster: string
  readonly version: string
  readonly date: string
  readonly seconds: number
}

/** The rows as a page: what was promised, whether it was seen, and the figures. */
export function page(rows: readonly Row[], titles: ReadonlyMap<string, string>, run: Run): string {
  const lines = [
    '# End-to-end tests on a real cluster',
    '',
    `\`npm run e2e -- --full\` on ${run.date}: Kubernetes ${run.version}, ${run.cluster}; ${Math.round(run.seconds / 60)} minutes.`,
    '',
  ]
  for (const [id, title] of titles) {
    const own = rows.filter(row => row.point === id)
    if (own.length === 0) continue
    lines.push(`## ${id}. ${title}`, '', '| what | result | seen |', '|---|---|---|')
    lines.push(
      ...own.map(({ what, ok, seen }) => `| ${cell(what)} | ${ok ? 'ok' : '**failed**'} | ${cell(seen)} |`),
      '',
    )
  }
  return lines.join('\n')
}

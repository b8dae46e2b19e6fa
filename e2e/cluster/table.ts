import type { Outcome, Row } from './stage.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim()

/** Where and when a run took place. */
export type Run = {
  readonly cluster: string
  readonly version: string
  /** Year, month, day and time of its end, UTC. */
  readonly date: string
}

const head = [
  '# End-to-end tests on a real cluster',
  '',
  'What `npm run e2e -- --full` saw last. A run of some points (`--only`) replaces their sections and leaves the others.',
]

/** The sections of a page that was written before, by the number of the point. */
function sectionsOf(page: string): Map<string, string> {
  const sections = page.split(/^(?=## )/m).slice(1)
  return new Map(sections.map(section => [/^## (\d+)/.exec(section)?.[1] ?? '', section.trim()]))
}

/** The rows as a page: what was promised, whether it was seen, and the figures. */
export function page(before: string, rows: readonly Row[], titles: ReadonlyMap<string, string>, run: Run): string {
  const sections = sectionsOf(before)
  const where = `${run.date} UTC, Kubernetes ${run.version}, ${run.cluster}.`
  for (const [id, title] of titles) {
    const own = rows.filter(row => row.point === id)
    if (own.length === 0) continue
    const lines = own.map(
      ({ what, outcome, seen }) =>
        `| ${cell(what)} | ${outcome === 'failed' ? '**failed**' : outcome} | ${cell(seen)} |`,
    )
    sections.set(
      id,
      [`## ${id}. ${title}`, '', where, '', '| what | result | seen |', '|---|---|---|', ...lines].join('\n'),
    )
  }
  const ordered = [...sections].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, section]) => section)
  return `${[head.join('\n'), ...ordered].join('\n\n')}\n`
}

/** An outcome for a terminal, in as many characters as any other. */
export const word = (outcome: Outcome): string => (outcome === 'failed' ? 'FAILED' : outcome).padEnd('not seen'.length)

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text)

/** The rows as a table for a terminal: point, outcome, what was promised, and the beginning of what was seen. */
export function table(rows: readonly Row[], width: number): string {
  const whats = rows.map(({ what }) => what.length)
  const first = Math.min(Math.max(0, ...whats), Math.floor(width / 2))
  return rows
    .map(({ point, what, outcome, seen }) => {
      const left = `${point}  ${word(outcome)}  ${cut(what, first).padEnd(first)}  `
      return left + cut(seen.replaceAll(/\s+/g, ' ').trim(), Math.max(20, width - left.length))
    })
    .join('\n')
}

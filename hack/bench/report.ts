import { budgets, holds, type Budget, type Measured } from './budgets.ts'
import { ratio, type Row, type Sample } from './rows.ts'
import { spread, type Spread } from './statistics.ts'
import { targetNames, type TargetName } from './target.ts'

/** Where and with what the figures were measured. */
export type Environment = {
  readonly date: string
  readonly commit: string
  readonly cpu: string
  readonly cores: number
  readonly kernel: string
  readonly node: string
  readonly programs: readonly string[]
  readonly flags: readonly string[]
  readonly repeats: number
  readonly seconds: number
}

const loads = {
  small: 'small call (300 B both ways)',
  large: '64 KB result',
  events: 'five events and a result',
} as const
const columns = ['load', 'connections', 'target', 'calls/s', 'p50 µs', 'p99 µs', 'CPU µs per call', '× nginx'] as const

/** The page of measured figures, in Markdown. */
export function report(environment: Environment, figures: Measured): string {
  return [
    '# Performance',
    '',
    'This page is written by `npm run bench`; do not edit it. Every figure was measured in one run, nothing is estimated.',
    '',
    ...conditions(environment),
    '',
    '## Budgets',
    '',
    table(['what', 'budget', 'median', 'least to most', ''], budgets(figures).map(budgetRow)),
    '',
    verdict(budgets(figures)),
    '',
    stillness(figures.stalls),
    '',
    '## Calls',
    '',
    'Medians, least and most of all repeats in brackets. `direct` is the server itself, without anything between. CPU is the time that all',
    "threads of the proxy's process spent, as the kernel's scheduler counts it, divided by the calls that were answered. The last column is",
    'formed within each repeat, in which the three targets took turns of a second.',
    '',
    table(columns, figures.rows.flatMap(callRows)),
    '',
    '## Memory, start and streams',
    '',
    ...footprint(figures),
    '',
    '## How to run it again',
    '',
    '`npm run bench` needs Linux, two cores, Go, wrk and nginx (as root on Debian it installs the last two itself).',
    'It prints every repeat and writes this page; `--quick` is a short look that writes nothing, `--only small` measures one load,',
    '`--idle 10000` sets the number of silent streams of the large gateway. Run it on a machine that does nothing else.',
    '`npm run bench -- --against COMMIT` compares two versions instead: see [CONTRIBUTING.md](../CONTRIBUTING.md#what-a-change-costs).',
    '',
  ].join('\n')
}

function conditions(environment: Environment): readonly string[] {
  return [
    `- ${environment.date}, commit ${environment.commit}; ${environment.cores} × ${environment.cpu}, Linux ${environment.kernel}`,
    `- Node ${environment.node}, the bundle of the image, flags \`${environment.flags.join(' ')}\`; ${environment.programs.join(', ')}`,
    '- Gateway (or nginx: one worker, keep-alive upstream, no access log, event streams not buffered) on core 0; load generator and server, both native, on core 1',
    '- The gateway runs chain A: an API key, a tool policy, two detectors on arguments and results, audit, metrics',
    `- ${environment.repeats} repeats of ${environment.seconds} s for every line; half load is half of what the gateway answered at 16 connections in that repeat`,
  ]
}

function callRows(row: Row): readonly (readonly string[])[] {
  return targetNames.map(name => {
    const of = (figure: (sample: Sample) => number, digits = 0): string => {
      return shown(spread(row.repeats.map(repeat => figure(repeat[name]))), digits)
    }
    const load = row.rate === 'half' ? `${loads[row.tool]}, half load` : loads[row.tool]
    const figures = [of(({ calls, seconds }) => calls / seconds), of(({ p50 }) => p50), of(({ p99 }) => p99)]
    return [load, String(row.connections), name, ...figures, cpuCell(row, name), ratioCell(row, name)]
  })
}

function cpuCell(row: Row, name: TargetName): string {
  const spent = row.repeats.flatMap(repeat => repeat[name].cpu ?? [])
  return spent.length === 0 ? '' : shown(spread(spent), 1)
}

function ratioCell(row: Row, name: TargetName): string {
  return name === 'bartizan' ? shown(spread(row.repeats.map(ratio)), 2) : ''
}

function footprint({ starts, idleCpu, afterLoad, streams }: Measured): readonly string[] {
  const line = (values: readonly number[], digits: number): string => shown(spread(values), digits)
  const lines: string[] = []
  if (starts.length > 0) {
    const anonymous = line(
      starts.map(({ memory }) => memory.anonymous),
      1,
    )
    lines.push(
      `- At rest after the start: ${anonymous} MiB anonymous, ${line(
        starts.map(({ memory }) => memory.resident),
        1,
      )} MiB resident.`,
    )
    lines.push(
      `- From the start of the process to the first answered call: ${line(
        starts.map(({ ready }) => ready),
        0,
      )} ms.`,
    )
  }
  if (idleCpu.length > 0) lines.push(`- CPU at rest: ${line(idleCpu, 2)} thousandths of a core, in windows of 10 s.`)
  lines.push(
    `- 5 s after all loads: ${afterLoad.anonymous.toFixed(1)} MiB anonymous, ${afterLoad.resident.toFixed(1)} MiB resident.`,
  )
  for (const { asked, open, survived, heldSeconds, before, during, cpu, each } of streams) {
    const count =
      open === asked
        ? `${open.toLocaleString('en')} silent streams`
        : `${open.toLocaleString('en')} silent streams (${asked.toLocaleString('en')} were asked for; the limit of open files allows no more)`
    lines.push(
      `- ${count}, held for ${heldSeconds} s, ${survived.toLocaleString('en')} of them open at the end: resident memory from ${before.resident.toFixed(1)} to ${during.resident.toFixed(1)} MiB, ` +
        `${each.toFixed(1)} KiB each; ${cpu.toFixed(1)} thousandths of a core.`,
    )
  }
  return lines
}

function budgetRow(budget: Budget): readonly string[] {
  const limit = `${budget.bound === 'most' ? '≤' : '≥'} ${budget.limit.toLocaleString('en')} ${budget.unit}`
  if (budget.measured === undefined) return [budget.what, limit, 'not measured', '', '']
  const { median, least, most } = budget.measured
  const digits = median < 100 ? 2 : 0
  return [
    budget.what,
    limit,
    median.toFixed(digits),
    `${least.toFixed(digits)} to ${most.toFixed(digits)}`,
    holds(budget) === true ? 'met' : '**missed**',
  ]
}

function verdict(all: readonly Budget[]): string {
  const missed = all.filter(budget => holds(budget) === false)
  const open = all.filter(budget => budget.measured === undefined)
  const parts = [
    missed.length === 0 ? 'No measured budget is missed.' : `Missed: ${missed.map(({ what }) => what).join('; ')}.`,
  ]
  if (open.length > 0) parts.push(`Not measured in this run: ${open.map(({ what }) => what).join('; ')}.`)
  return parts.join(' ')
}

function stillness(stalls: readonly number[]): string {
  const shares = stalls.map(share => `${(share * 100).toFixed(1)} %`).join(' before the loads and ')
  return (
    `The machine itself: both cores only added numbers for 5 s, and did less than a quarter of their usual work in ${shares} after them of all ` +
    'windows of 2 ms (the worse core). Where that is more than 1 %, no p99 measured here can be shorter than such a spell.'
  )
}

function shown({ median, least, most }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

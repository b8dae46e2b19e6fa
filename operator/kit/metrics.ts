type Labels = Readonly<Record<string, string>>
type Family = { readonly type: string; readonly help: string; readonly samples: Map<string, number> }

/** Seconds: from a cached answer to a reconcile that waited for a rollout. */
const BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120]

/** Counters, gauges and histograms in the text format of Prometheus, without a library: a scrape is the only thing that costs. */
export class MetricsRegistry {
  readonly #families = new Map<string, Family>()

  add(name: string, help: string, labels: Labels = {}, by = 1): void {
    const { samples } = this.#family(name, 'counter', help)
    const key = name + textOf(labels)
    samples.set(key, (samples.get(key) ?? 0) + by)
  }

  set(name: string, help: string, labels: Labels, value: number): void {
    this.#family(name, 'gauge', help).samples.set(name + textOf(labels), value)
  }

  observe(name: string, help: string, labels: Labels, seconds: number): void {
    const { samples } = this.#family(name, 'histogram', help)
    const count = (suffix: string, more: Labels, by: number): void => {
      const key = name + suffix + textOf({ ...labels, ...more })
      samples.set(key, (samples.get(key) ?? 0) + by)
    }
    for (const le of BUCKETS) count('_bucket', { le: String(le) }, Number(seconds <= le))
    count('_bucket', { le: '+Inf' }, 1)
    count('_sum', {}, seconds)
    count('_count', {}, 1)
  }

  /** Runs before each scrape; sets what is a state and not an event. */
  readonly scraped: (() => void)[] = []

  text(): string {
    for (const read of this.scraped) read()
    return [...this.#families]
      .map(([name, { type, help, samples }]) => {
        const values = [...samples].map(([key, value]) => `${key} ${value}\n`)
        return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${values.join('')}`
      })
      .join('')
  }

  #family(name: string, type: string, help: string): Family {
    const known = this.#families.get(name) ?? { type, help, samples: new Map<string, number>() }
    this.#families.set(name, known)
    return known
  }
}

function textOf(labels: Labels): string {
  const quoted = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return quoted.length === 0 ? '' : `{${quoted.join(',')}}`
}

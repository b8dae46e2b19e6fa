/** How every audit line begins (`gateway/observe/audit.ts`). */
const beginning = '{"log":"audit_event"'
const escapedBeginning = JSON.stringify(beginning).slice(1, -1)

/** A line of a file below /var/log/containers: time, stream, whether the line is whole (F) or goes on (P), text. */
const criLine = /^\d{4}-\d\d-\d\dT\S+ (stdout|stderr) ([PF])(?::\S+)?(?: (.*))?$/s

/** A line of Docker's json-file: `log` ends with a line feed unless the line goes on. */
type DockerLine = { readonly log?: unknown; readonly stream?: unknown }

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The text among the values of a collector's record that an audit line begins. */
function within(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') return value.includes(beginning) ? value : undefined
  if (typeof value !== 'object' || value === null || depth > 4) return undefined
  for (const inner of Object.values(value)) {
    const found = within(inner, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

/** A line of `gateway/observe/log.ts`. */
const isOtherLog = (record: unknown): boolean =>
  typeof record === 'object' && record !== null && 'level' in record && 'event' in record

/**
 * Finds the audit lines in what container runtimes, `kubectl logs` and collectors make of them: behind a time or the name of a pod, cut in parts,
 * as a text within JSON, with lines of other streams between. Gives the audit line as the gateway wrote it, or undefined for all others.
 */
export function unwrap(): (text: string) => string | undefined {
  const parts = new Map<string, string>()

  const joined = (stream: string, text: string, isWhole: boolean): string | undefined => {
    const all = (parts.get(stream) ?? '') + text
    if (isWhole) parts.delete(stream)
    else parts.set(stream, all)
    return isWhole ? all : undefined
  }

  const plain = (text: string): string | undefined => {
    const cri = criLine.exec(text)
    if (cri) return joined(cri[1]!, cri[3] ?? '', cri[2] === 'F')
    if (text.startsWith('{"log":') && !text.startsWith(beginning)) {
      const { log, stream } = (parsed(text) ?? {}) as DockerLine
      if (typeof log === 'string') return joined(String(stream), log, log.endsWith('\n'))
    }
    // What a caller calls a tool may look like an audit line: in ours, and in those of the gateway's other log, it is a value and no more.
    if (text.includes(beginning) || !text.includes(escapedBeginning)) return text
    const record = parsed(text)
    return isOtherLog(record) ? undefined : within(record)
  }

  return text => {
    const found = plain(text)
    const at = found?.indexOf(beginning) ?? -1
    return at < 0 ? undefined : found!.slice(at).trimEnd()
  }
}

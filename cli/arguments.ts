import { parseArgs, type ParseArgsConfig } from 'node:util'
import { UsageError } from './usage-error.ts'
import { nearest } from '../crds/nearest.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/**
 * `parseArgs` with errors that say what to do.
 * @throws UsageError with exit code 2
 */
export function parseArguments<O extends Options>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    const message = (error as Error).message
    const unknown = /^Unknown option '--?([^']+)'/.exec(message)?.[1]
    if (unknown === undefined) throw new UsageError(message.split('\n')[0]!, 2)
    const meant = nearest(unknown, Object.keys(options))
    throw new UsageError(`unknown option --${unknown}${meant === undefined ? '' : `; did you mean --${meant}?`}`, 2)
  }
}

/** A list option: given several times, or once with commas, or both. */
export const listOption = (values: readonly string[] | undefined): string[] | undefined =>
  values
    ?.flatMap(value => value.split(','))
    .map(value => value.trim())
    .filter(value => value !== '')

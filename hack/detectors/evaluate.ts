/**
 * How well the secrets detector does on labelled rows: `node hack/detectors/evaluate.ts SECRETS.jsonl [BENIGN.jsonl]`. A row of the first
 * file is `{rule_file, kind: "tp" | "fp", text}`, of the second `{text, source}`. Prints what was missed and what was found wrongly.
 */
import { readFileSync } from 'node:fs'
import { secrets } from '../../gateway/detectors/secrets.ts'

type Row = { readonly text: string; readonly kind?: 'tp' | 'fp'; readonly rule_file?: string; readonly source?: string }

const rows = (file: string): Row[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Row)

const detector = secrets({})
const found = ({ text }: Row): string[] =>
  detector.find(text).map(({ start, end, rule }) => `${rule}: ${text.slice(start, end)}`)

function report(labelled: readonly Row[], benign: readonly Row[]): void {
  const real = labelled.filter(({ kind }) => kind === 'tp')
  const none = labelled.filter(({ kind }) => kind === 'fp')
  const missed = real.filter(row => found(row).length === 0)
  const wrong = none.filter(row => found(row).length > 0)
  const alarms = benign.filter(row => found(row).length > 0)
  for (const { rule_file, text } of missed) console.log(`missed   ${rule_file} ${JSON.stringify(text.slice(0, 200))}`)
  for (const row of wrong) console.log(`wrong    ${row.rule_file} ${JSON.stringify(found(row))}`)
  for (const row of alarms) console.log(`alarm    ${row.source} ${JSON.stringify(found(row))}`)
  const hits = real.length - missed.length
  console.log(`recall    ${hits}/${real.length}`)
  console.log(`precision ${hits}/${hits + wrong.length}`)
  console.log(`benign    ${alarms.length} of ${benign.length} rows with an alarm`)
}

const [labelled, benign] = process.argv.slice(2)
if (labelled === undefined) throw new Error('usage: node hack/detectors/evaluate.ts SECRETS.jsonl [BENIGN.jsonl]')
report(rows(labelled), benign === undefined ? [] : rows(benign))

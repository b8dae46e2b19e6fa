import { exchanges } from '../exchanges.ts'
import { key, policy, server, settings, type Sample } from '../sample.ts'

const labels = { team: 'sky' }

const around = (spec: object): readonly object[] => [policy(spec), server({}, 'one', labels), key(), settings()]

const sample = (spec: object, witness: Sample['witness'], values?: readonly unknown[]): Sample => ({
  documents: around(spec),
  witness,
  ...(values && { values }),
})

const forbids = { input: { forbiddenKeywords: ['zebra'] } }
const zebra = exchanges.argument('a zebra')
const rule = (more: object): object => ({
  rules: [
    { detector: { keywords: { words: ['zebra'] } }, channels: ['Result'], action: 'Block', mode: 'Enforce', ...more },
  ],
})

/** How each field of a GuardrailPolicy is proved. */
export const guardrailPolicySamples: Readonly<Record<string, Sample>> = {
  'GuardrailPolicy.spec.servers[]': sample(forbids, zebra, ['one', 'two']),
  'GuardrailPolicy.spec.selector.matchLabels.*': sample(
    { ...forbids, servers: [], selector: { matchLabels: labels } },
    zebra,
    ['sky', 'sea'],
  ),
  'GuardrailPolicy.spec.except[]': sample({ ...forbids, except: ['one'] }, zebra, ['one', 'two']),
  'GuardrailPolicy.spec.input.forbiddenKeywords[]': sample(forbids, zebra, ['zebra', 'lion']),
  'GuardrailPolicy.spec.input.keywordAction': sample(
    { input: { forbiddenKeywords: ['zebra'], keywordAction: 'Block' } },
    zebra,
  ),
  'GuardrailPolicy.spec.input.matchMode': sample(
    { input: { forbiddenKeywords: ['zebra'], matchMode: 'Word' } },
    exchanges.argument('many zebras'),
  ),
  'GuardrailPolicy.spec.output.forbiddenKeywords[]': sample(
    { output: { forbiddenKeywords: ['zebra'] } },
    exchanges.result('a zebra'),
    ['zebra', 'lion'],
  ),
  'GuardrailPolicy.spec.output.keywordAction': sample(
    { output: { forbiddenKeywords: ['zebra'], keywordAction: 'Block' } },
    exchanges.result('a zebra'),
  ),
  'GuardrailPolicy.spec.output.matchMode': sample(
    { output: { forbiddenKeywords: ['zebra'], matchMode: 'Word' } },
    exchanges.result('many zebras'),
  ),
  'GuardrailPolicy.spec.rules[].detector.keywords.words[]': sample(rule({}), exchanges.result('a zebra'), [
    'zebra',
    'lion',
  ]),
  'GuardrailPolicy.spec.rules[].detector.keywords.matchMode': sample(
    rule({ detector: { keywords: { words: ['zebra'], matchMode: 'Word' } } }),
    exchanges.result('many zebras'),
  ),
  'GuardrailPolicy.spec.rules[].detector.secrets.allowed[]': sample(
    rule({ detector: { secrets: { allowed: ['$TOKEN'] } } }),
    exchanges.result('the token $TOKEN'),
    ['$TOKEN', '$OTHERTOKEN'],
  ),
  'GuardrailPolicy.spec.rules[].channels[]': sample(rule({}), exchanges.everywhere('a zebra')),
  'GuardrailPolicy.spec.rules[].action': sample(rule({}), exchanges.result('a zebra')),
  'GuardrailPolicy.spec.rules[].mode': sample(rule({}), exchanges.result('a zebra')),
  'GuardrailPolicy.spec.tools.dangerousPatterns[]': sample(
    { tools: { dangerousPatterns: ['*delete*'] } },
    exchanges.tools,
    ['*delete*', '*drop*'],
  ),
  'GuardrailPolicy.spec.tools.approved[].server': sample(
    { tools: { approved: [{ server: 'one', tool: 'delete_file' }] } },
    exchanges.tools,
    ['one', 'two'],
  ),
  'GuardrailPolicy.spec.tools.approved[].tool': sample(
    { tools: { approved: [{ server: 'one', tool: 'delete_file' }] } },
    exchanges.tools,
    ['delete_file', 'delete_all'],
  ),
}

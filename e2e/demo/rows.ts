import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bartizan } from './cli.ts'
import { call, connect, refusal } from './client.ts'
import { forbiddenWord } from './manifests.ts'
import type { Stage } from './stage.ts'

/** One thing that the demo shows. `see` resolves to what was seen, and throws when `what` does not hold. */
export type Row = { readonly what: string; readonly see: (stage: Stage) => Promise<string> }

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}

const decisionOf = (message: string): string => /\bd-[a-z0-9]+-[a-z0-9]+/.exec(message)?.[0] ?? ''

const allowed: Row = {
  what: 'alice reads a file (stdio) and adds (HTTP)',
  async see({ gateway, keys, box }) {
    const files = await connect(gateway.url, 'files', keys.alice)
    const text = await call(files, 'read_text_file', { path: join(box, 'hello.txt') })
    await files.close()
    expect(text.includes('behind the wall'), `the file said: ${text}`)
    const everything = await connect(gateway.url, 'everything', keys.alice)
    const sum = await call(everything, 'get-sum', { a: 20, b: 22 })
    await everything.close()
    expect(sum.includes('42'), `the sum is: ${sum}`)
    return `"${text.trim()}", 42`
  },
}

const hidden: Row = {
  what: 'a denied tool is neither shown nor callable',
  async see({ gateway, keys, box }) {
    const client = await connect(gateway.url, 'files', keys.alice)
    const { tools } = await client.listTools()
    const names = tools.map(tool => tool.name)
    expect(names.includes('read_text_file') && !names.includes('write_file'), `the list is ${names.join(', ')}`)
    const path = join(box, 'new.txt')
    const message = await refusal(call(client, 'write_file', { path, content: 'x' }))
    await client.close()
    expect(message.includes('ToolNotAllowed'), message)
    return `${names.length} others shown; write_file: ToolNotAllowed`
  },
}

const wrongKey: Row = {
  what: 'a wrong key does not get in',
  async see({ gateway, keys }) {
    const wrong = `${keys.alice.slice(0, -4)}0000`
    const response = await fetch(`${gateway.url}/mcp/files`, {
      method: 'POST',
      headers: { 'X-API-Key': wrong },
      body: '{}',
    })
    expect(response.status === 401, `the status is ${response.status}`)
    await response.body?.cancel()
    const message = await refusal(connect(gateway.url, 'files', wrong))
    expect(/API key|Unauthor/i.test(message), message)
    return '401; the SDK client does not connect'
  },
}

const keyword: Row = {
  what: `"${forbiddenWord}" in an argument is blocked`,
  async see({ gateway, keys, state }) {
    const client = await connect(gateway.url, 'everything', keys.alice)
    const message = await refusal(call(client, 'echo', { message: `what is project ${forbiddenWord.toUpperCase()}?` }))
    await client.close()
    expect(message.includes('GuardrailBlocked'), message)
    const { out } = await bartizan('audit', 'show', decisionOf(message), '--state', state)
    expect(out.includes('house-rules') && out.includes('key:alice'), `audit show said: ${out}`)
    return `GuardrailBlocked; the log explains ${decisionOf(message)}`
  },
}

const secret: Row = {
  what: 'a token in a result is redacted',
  async see({ gateway, keys, box, secret: token }) {
    const client = await connect(gateway.url, 'files', keys.alice)
    const result = await client.callTool({ name: 'read_text_file', arguments: { path: join(box, 'deploy.env') } })
    await client.close()
    const all = JSON.stringify(result)
    expect(readFileSync(join(box, 'deploy.env'), 'utf8').includes(token), 'the file does not hold the token')
    expect(!all.includes(token) && !all.includes(token.slice(-12)), 'the token came through')
    expect(all.includes('REGION=north') && all.includes('REPLICAS=3'), `the rest is ${all}`)
    return (/GITHUB_TOKEN=[^\s"\\]*/.exec(all)?.[0] ?? 'the line is gone').slice(0, 50)
  },
}

const revoked: Row = {
  what: 'a key revoked in its file ends a running stream',
  async see({ gateway, keys, bobFile }) {
    const alice = await connect(gateway.url, 'everything', keys.alice)
    const bob = await connect(gateway.url, 'everything', keys.bob)
    const streaming = Promise.withResolvers<void>()
    const long = bob.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 60, steps: 600 } },
      { onprogress: () => streaming.resolve(), timeout: 90_000 },
    )
    const ended = refusal(long)
    await Promise.race([streaming.promise, ended])
    const manifest = readFileSync(bobFile, 'utf8')
    writeFileSync(bobFile, `${manifest.trimEnd()}\n  revoked: true\n`)
    const from = performance.now()
    const message = await ended
    const took = ((performance.now() - from) / 1000).toFixed(1)
    expect(/no longer allowed|CallerRevoked/.test(message), `the stream ended with: ${message}`)
    const again = await refusal(call(bob, 'echo', { message: 'still there?' }))
    expect(/revoked/i.test(again), `the next call ended with: ${again}`)
    const answer = await call(alice, 'echo', { message: 'still here' })
    await alice.close()
    await bob.close().catch(() => undefined)
    expect(answer.includes('still here'), `alice got: ${answer}`)
    return `CallerRevoked after ${took} s, then KeyRevoked; others stay`
  },
}

const chain: Row = {
  what: 'the audit log is consistent',
  async see({ state }) {
    const { code, err } = await bartizan('audit', 'verify', '--state', state)
    expect(code === 0, err)
    return err.slice(0, err.indexOf(':'))
  },
}

/** In the order in which they are shown. */
export const rows: readonly Row[] = [allowed, hidden, wrongKey, keyword, secret, revoked, chain]

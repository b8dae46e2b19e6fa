import { join } from 'node:path'
import { bundlePrograms } from '../../../hack/bundling.ts'

const programs = ['server', 'hostile', 'client', 'load', 'probe']

/** Bundles what runs in the pods of the tests into `dist/e2e`: the server, and those that call it from inside the cluster. */
export async function bundlePods(): Promise<void> {
  const sources = programs.map(name => [name, join(import.meta.dirname, name, 'main.ts')] as const)
  await bundlePrograms('e2e', Object.fromEntries(sources))
}

import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bundleGateway } from '../../../hack/bundle.ts'
import { bundleOperator } from '../../../hack/bundle-operator.ts'
import type { Cluster } from '../cluster.ts'
import { program, root, succeeds } from '../program.ts'
import { bundlePods } from './bundle.ts'
import { nextContract } from './next-contract.ts'

/** Images of the project and of the tests, by what they are for. Nothing pulls them: their tag is no `latest`, and they are on the nodes. */
export const images = {
  gateway: 'bartizan/gateway:dev',
  operator: 'bartizan/operator:dev',
  /** The operator of this tree, but that its contract with the gateways has the next number. */
  nextOperator: 'bartizan.test/operator-of-next-contract:1',
  server: 'bartizan.test/server:1',
  rootServer: 'bartizan.test/server-as-root:1',
  hostile: 'bartizan.test/hostile:1',
} as const

const base = process.env['BARTIZAN_BASE'] ?? 'node:24-bookworm-slim'

/** The classic builder warns with each build that it is one; what a build says matters when it fails. */
function build(image: string, file: string, args: Readonly<Record<string, string>>): void {
  const given = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  const command = ['build', '-q', '--network', 'host', '-t', image, '-f', file, ...given, '.']
  const { status, stderr } = spawnSync('docker', command, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`docker ${command.join(' ')}: ${stderr}`)
}

/** Docker has to run and to have, or to get, the base image; where no registry answers it is made from packages. */
function prepareDocker(): void {
  if (succeeds('docker', ['image', 'inspect', base])) return
  if (succeeds('docker', ['info']) && succeeds('docker', ['pull', base])) return
  program('hack/cluster/images', ['base'])
}

/** Whether the images are those of the Docker of this machine: how they get to a cluster that others run is to be told. */
export const areBuiltHere = ({ kind }: Cluster): boolean =>
  kind !== 'given' || process.env['BARTIZAN_LOAD'] !== undefined

/** Builds all images from this tree and brings them to the nodes. */
export async function provideImages(cluster: Cluster): Promise<void> {
  if (!areBuiltHere(cluster)) {
    const names = Object.values(images).join(', ')
    process.stderr.write(
      `nothing is built: the nodes have to find ${names}; BARTIZAN_LOAD is a command that loads one\n`,
    )
    return
  }
  prepareDocker()
  await Promise.all([bundleGateway(), bundlePods()])
  const ours = { NODE: base, BASE: base, BUNDLE: 'prebuilt' }
  build(images.gateway, 'Dockerfile.gateway', ours)
  const built: string[] = [images.gateway, images.server, images.rootServer, images.hostile]
  if (existsSync(join(root, 'operator', 'main.ts'))) {
    await bundleOperator()
    build(images.operator, 'Dockerfile.operator', ours)
    await bundleOperator('operator-next', [nextContract])
    build(images.nextOperator, 'e2e/cluster/images/next.Dockerfile', { OPERATOR: images.operator })
    built.push(images.operator, images.nextOperator)
  }
  const server = 'e2e/cluster/images/server.Dockerfile'
  build(images.server, server, { BASE: base })
  build(images.rootServer, server, { BASE: base, USER: 'root' })
  build(images.hostile, server, { BASE: base, PROGRAM: 'hostile' })
  cluster.load(built)
}

const megabyte = 1_000_000

async function compressed(image: string): Promise<{ image: string; size: number }> {
  const { stdout } = await promisify(execFile)('sh', ['-c', 'docker save "$1" | gzip -6 | wc -c', 'sh', image])
  return { image, size: Number(stdout) / megabyte }
}

/** Size of the images as a registry keeps them. Throws when one is over 100 MB. */
export async function imageSizes(): Promise<string> {
  const sizes = await Promise.all([images.gateway, images.operator].map(compressed))
  const text = sizes.map(({ image, size }) => `${image} ${size.toFixed(1)} MB`).join(', ')
  if (sizes.some(({ size }) => size > 100 || size < 1)) throw new Error(text)
  return text
}

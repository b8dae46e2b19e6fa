import { locate } from '../cluster/binaries.ts'

function reason(): string | undefined {
  const found = locate()
  // In CI the tests run, and fail with the same reason.
  return 'folder' in found || process.env['CI'] === 'true' ? undefined : found.reason
}

/** Why there can be no control plane here; for `describe.skipIf`. */
export const noControlPlane = reason()

if (noControlPlane !== undefined) console.warn(`skipped: ${noControlPlane}`)

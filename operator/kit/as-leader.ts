import type { Leader } from './leader.ts'
import { isNotLeader } from './not-leader.ts'
import type { Result } from './work-queue.ts'

/** Milliseconds: until then the lease has been renewed after all, or the process is about to end. */
const retryDelay = 1000

/**
 * Work that a leader does. While the lease is not held, writes that were not made are no failures of the work: it waits, and says nothing, since the {@link Leader}
 * itself says once that it lost the lease or renewed it late. While it is held every failure is one.
 */
export async function asLeader(leader: Pick<Leader, 'isLeader'>, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!isNotLeader(error) || leader.isLeader()) throw error
    return { requeueAfter: retryDelay }
  }
}

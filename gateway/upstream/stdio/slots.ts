/** Counts processes, in all and for each principal, so that no caller can take the machine by opening sessions. */
export type ProcessSlots = {
  /** Gives back how to return the slot, or undefined when there is none. */
  take(owner: string): (() => void) | undefined
}

export function processSlots(max: number, maxPerOwner: number): ProcessSlots {
  const owned = new Map<string, number>()
  let used = 0
  return {
    take(owner) {
      const mine = owned.get(owner) ?? 0
      if (used >= max || mine >= maxPerOwner) return undefined
      used += 1
      owned.set(owner, mine + 1)
      let returned = false
      return function giveBack() {
        if (returned) return
        returned = true
        used -= 1
        const left = (owned.get(owner) ?? 1) - 1
        if (left === 0) owned.delete(owner)
        else owned.set(owner, left)
      }
    },
  }
}

/** Calls `work` at once, and then again at most every so often while it is wanted. */
export function seldom(work: () => void, everyMs: number): () => void {
  let waiting = false
  let again = false
  const run = () => {
    work()
    waiting = true
    again = false
    setTimeout(() => {
      waiting = false
      if (again) run()
    }, everyMs)
  }
  return () => {
    if (waiting) again = true
    else run()
  }
}

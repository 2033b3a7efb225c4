import { reactive } from 'vue'

/**
 * The few words that the kit itself shows. The kit knows no languages: an app puts its own words here.
 * `{n}` in a word is replaced by a number or a name.
 */
export const words = reactive({
  close: 'Close',
  cancel: 'Cancel',
  more: 'More information',
  remove: 'Remove {n}',
  increase: 'Increase',
  decrease: 'Decrease',
  nothing: 'Nothing here.',
  items: (n: number) => `${n} items`,
  selected: (n: number) => `${n} selected`,
  copy: 'Copy',
  copied: 'Copied',
  search: 'Search',
  clear: 'Clear',
  retry: 'Try Again',
  columns: 'Columns',
  up: 'Move {n} up',
  down: 'Move {n} down',
  usual: 'Restore Default',
  loading: 'Loading…',
  filters: 'Filters',
  others: (n: number) => `and ${n} more`,
})

import { ref } from 'vue'

/**
 * What the kit keeps in this browser (localStorage) between visits: apart for each person who uses it.
 * A browser that keeps nothing is no error: then everything is as at the first visit.
 */
const owner = ref('')

/** Whose things are kept from now on. An app says so once it knows who is signed in. */
export function keepFor(name: string): void {
  owner.value = name
}

const place = (name: string) => `mailroom.kit.${owner.value}.${name}`

/** What was kept under this name, or null. */
export function recall<T>(name: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(place(name)) ?? 'null') as T | null
  } catch {
    return null
  }
}

/** Keep a value under this name; null forgets it. */
export function keep(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(place(name))
    else localStorage.setItem(place(name), JSON.stringify(value))
  } catch {
    // Private windows may refuse: see above.
  }
}

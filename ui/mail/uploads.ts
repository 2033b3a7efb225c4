import { computed, reactive, ref, watch } from 'vue'
import { factsOf, queryText } from '../shared/api'
import { t } from '../shared/i18n'
import { Problem, UNREACHABLE, problemOf } from '../shared/problem'
import type { Files } from './drafts'
import { api } from './session'

export interface Upload {
  key: number
  name: string
  size: number
  /** 0..1 while it is on its way, 1 when it is there. */
  progress: number
  id: string | null
  problem: string | null
  stop: () => void
}

/** The files of one draft, each uploaded as soon as it is chosen. */
export function useUploads(there: Files = []) {
  let last = 0
  const uploads = ref<Upload[]>(
    there.map(({ id, name, size }) => ({
      key: ++last,
      id,
      name,
      size,
      progress: 1,
      problem: null,
      stop: () => {},
    })),
  )

  function add(file: File | Blob, name: string): void {
    const upload = reactive<Upload>({
      key: ++last,
      name,
      size: file.size,
      progress: 0,
      id: null,
      problem: null,
      stop: () => {},
    })
    uploads.value.push(upload)
    void send(upload, file)
  }

  async function remove(upload: Upload): Promise<void> {
    upload.stop()
    uploads.value = uploads.value.filter((one) => one.key !== upload.key)
    if (upload.id) await api.remove(`uploads/${upload.id}`).catch(() => undefined)
  }

  /** Nothing is left behind on the server. */
  function removeAll(): void {
    for (const upload of [...uploads.value]) void remove(upload)
  }

  const waiting = computed(() => uploads.value.some((one) => !one.id && !one.problem))
  const failed = computed(() => uploads.value.some((one) => one.problem))
  /** Those that are on the server. */
  const files = computed<Files>(() =>
    uploads.value.flatMap(({ id, name, size }) => (id === null ? [] : [{ id, name, size }])),
  )

  /** Resolves when no file is on its way any more. */
  async function settled(): Promise<void> {
    while (waiting.value) await new Promise((resolve) => watch(waiting, resolve, { once: true }))
  }

  return { uploads, failed, waiting, files, add, remove, removeAll, settled }
}

/** fetch cannot tell how far an upload is; XMLHttpRequest can. */
async function send(upload: Upload, file: Blob): Promise<void> {
  try {
    const answer = await new Promise<{ id: string }>((resolve, reject) => {
      const request = new XMLHttpRequest()
      upload.stop = () => request.abort()
      request.open('POST', `api/uploads${queryText({ name: upload.name, type: file.type || undefined })}`)
      for (const [name, value] of Object.entries(api.headers())) request.setRequestHeader(name, value)
      request.setRequestHeader('Content-Type', 'application/octet-stream')
      request.responseType = 'json'
      request.upload.onprogress = (event) => (upload.progress = event.loaded / Math.max(1, event.total))
      request.onerror = () => reject(new Problem(0, { code: UNREACHABLE, message: t('problem.unreachable') }))
      request.onload = () => {
        if (request.status < 300) return resolve(request.response as { id: string })
        const facts = factsOf({ status: request.status, json: () => Promise.resolve(request.response) })
        void facts.then((known) => reject(new Problem(request.status, known)))
      }
      request.send(file)
    })
    upload.id = answer.id
    upload.progress = 1
  } catch (reason) {
    upload.problem = problemOf(reason).told
  }
}

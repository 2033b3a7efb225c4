import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const here = (path: string) => resolve(import.meta.dirname, path)

// All URLs are relative: the window lives below the relay CGI, the portal below /mail/.
export default defineConfig({
  root: here('.'),
  base: './',
  // Not in node_modules: that may be a link into a cache in which nobody may write.
  cacheDir: join(tmpdir(), 'mailroom-vite'),
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  build: {
    target: 'es2022',
    outDir: process.env.MAILROOM_UI_OUT ?? here('dist'),
    emptyOutDir: true,
    chunkSizeWarningLimit: 600,
    rolldownOptions: { input: { admin: here('admin.html'), mail: here('mail.html') } },
  },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'], cache: false },
})

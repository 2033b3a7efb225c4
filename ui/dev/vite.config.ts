import { mergeConfig } from 'vite'
import common from '../vite.config'
import { mock } from './mock'

/** `npm run dev`: the same front end with a made-up API beside it. */
export default mergeConfig(common, {
  plugins: [mock()],
  build: { outDir: process.env.MAILROOM_UI_OUT },
  preview: { host: '127.0.0.1', port: Number(process.env.MAILROOM_UI_PORT ?? 5198), strictPort: true },
  server: { host: '127.0.0.1', port: 5199, strictPort: true },
})

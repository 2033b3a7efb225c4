export const portal = () => undefined

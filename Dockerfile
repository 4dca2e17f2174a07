# Shoal with everything in it: nothing is downloaded when it starts. docs/launch-kubernetes.md
#   docker build -t shoal .
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /work
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY --from=build /app/build /app/build
COPY --from=build /app/examples /app/examples
USER 1000:1000
ENTRYPOINT ["node", "/app/dist/bin/shoal.js"]
CMD ["--help"]

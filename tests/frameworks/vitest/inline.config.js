export default { test: { server: { deps: { inline: ["midapi"] } } } };

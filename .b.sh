npx biome check --write --max-diagnostics=8 src tests bench tools 2>&1 | grep -v "npm warn" | head -40; npx tsc -b src tsconfig.programs.json | head -30

// Starts `scriptkit lsp` with the Python of the project, and starts it again when that changes.

import * as vscode from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions, TransportKind } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  context.subscriptions.push(
    vscode.commands.registerCommand("scriptkit.restart", restart),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("scriptkit.python")) {
        await restart();
      }
    }),
  );
  const python = await pythonExtension();
  if (python !== undefined) {
    context.subscriptions.push(python.environments.onDidChangeActiveEnvironmentPath(restart));
  }
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
  client = undefined;
}

async function restart(): Promise<void> {
  await deactivate();
  await start();
}

async function start(): Promise<void> {
  const python = await interpreter();
  const server: ServerOptions = { command: python, args: ["-m", "scriptkit", "lsp"], transport: TransportKind.stdio };
  const options: LanguageClientOptions = {
    documentSelector: [{ language: "python" }],
    synchronize: {
      configurationSection: "scriptkit",
      fileEvents: vscode.workspace.createFileSystemWatcher("**/pyproject.toml"),
    },
    initializationOptions: wishes(),
  };
  client = new LanguageClient("scriptkit", "scriptkit", server, options);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const advice = `"${python}" -m pip install "scriptkit[lsp]"`;
    void vscode.window.showErrorMessage(`scriptkit: the language server does not start (${error}). ${advice}`);
  }
}

function wishes(): object {
  const settings = vscode.workspace.getConfiguration("scriptkit");
  return {
    allModules: settings.get("allModules"),
    modes: settings.get("modes"),
    debounce: settings.get("debounce"),
  };
}

interface Python {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
    resolveEnvironment(path: unknown): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
  };
}

async function pythonExtension(): Promise<Python | undefined> {
  const extension = vscode.extensions.getExtension<Python>("ms-python.python");
  return extension === undefined ? undefined : extension.activate();
}

// The setting, else what the Python extension has chosen, else whatever `python` is.
async function interpreter(): Promise<string> {
  const chosen = vscode.workspace.getConfiguration("scriptkit").get<string>("python");
  if (chosen) {
    return chosen;
  }
  const python = await pythonExtension();
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const path = python?.environments.getActiveEnvironmentPath(folder);
  const found = path === undefined ? undefined : await python?.environments.resolveEnvironment(path);
  return found?.executable.uri?.fsPath ?? "python";
}

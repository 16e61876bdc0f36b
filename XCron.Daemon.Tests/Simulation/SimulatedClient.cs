using System.Globalization;
using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Daemon.Tests.Api;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Asks the API of whatever node runs, and notes what it was told. A node that dies meanwhile answers nothing.
/// </summary>
internal sealed class SimulatedClient(SimulationWorld world)
{
    /// <param name="call">The call's name, such as createTask.</param>
    /// <param name="story">The number of the workload's task.</param>
    /// <param name="body">JSON; null for a query.</param>
    /// <param name="ended">Told of the operation once it has an answer.</param>
    /// <returns>Null where no node runs.</returns>
    public ClientOperation? Ask(string call, int story, string body, Action<ClientOperation> ended) =>
        Running() is { } machine ? AskOf(machine, call, story, body, ended) : null;

    /// <summary>As <see cref="Ask"/>, of a node that runs.</summary>
    public ClientOperation AskOf(
        SimulatedMachine machine, string call, int story, string body, Action<ClientOperation> ended)
    {
        var operation = Begin(machine, call, null, story, body);
        var process = machine.Process!;
        process.Context.Do(() => _ = AskAsync(process, operation, ended));
        return operation;
    }

    /// <summary>Creates several tasks by one request: an operation for each, which share its fate.</summary>
    /// <param name="stories">The workload's tasks.</param>
    /// <param name="isImport">By import, else by createTasks.</param>
    /// <param name="ended">Told of each operation once there is an answer.</param>
    /// <returns>Null where no node runs.</returns>
    public IReadOnlyList<ClientOperation>? CreateMany(
        IReadOnlyList<TaskStory> stories, bool isImport, Action<ClientOperation> ended)
    {
        if (Running() is not { } machine)
            return null;

        var bodies = stories.Select(story => isImport ? story.ImportLine() : story.CreateBody()).ToArray();
        var call = isImport ? "import" : "createTasks";
        ClientOperation[] operations = [.. stories.Zip(
            bodies, (story, body) => Begin(machine, "createTask", call, story.Number, body))];
        var request = isImport ? string.Join('\n', bodies) : $"{{\"tasks\":[{string.Join(',', bodies)}]}}";
        var process = machine.Process!;
        process.Context.Do(() => _ = AskManyAsync(process, call, request, operations, ended));
        return operations;
    }

    private SimulatedMachine? Running()
    {
        var running = world.Machines.Where(static machine => machine.IsRunning).ToArray();
        return running.Length == 0 ? null : running[world.Random.Next(running.Length)];
    }

    private ClientOperation Begin(SimulatedMachine machine, string call, string? via, int story, string body)
    {
        var operation = new ClientOperation
        {
            InvokedMs = world.History.NowMs,
            Call = call,
            Via = via,
            Story = story,
            Node = machine.Id,
            NodeWallMs = machine.Clock.WallMs,
            Body = body,
        };
        world.History.Operations.Add(operation);
        return operation;
    }

    private async Task AskAsync(SchedulerProcess process, ClientOperation operation, Action<ClientOperation> ended)
    {
        var answer = await SendAsync(process, operation.Call, operation.Body);
        End(operation, answer.Code, answer.Code == 0 ? "" : answer.Message);
        if (answer.Code == 0)
            ReadData(operation, answer.Data);
        ended(operation);
    }

    private async Task AskManyAsync(
        SchedulerProcess process,
        string call,
        string body,
        ClientOperation[] operations,
        Action<ClientOperation> ended)
    {
        var answer = await SendAsync(process, call, body);
        for (var place = 0; place < operations.Length; place++)
        {
            if (answer.Code != 0)
                End(operations[place], answer.Code, answer.Message);
            else if (call == "import")
                ReadLine(operations[place], place + 1, answer.Data);
            else
                ReadResult(operations[place], answer.Data.GetProperty("results")[place]);
            ended(operations[place]);
        }
    }

    private static async Task<ApiAnswer> SendAsync(SchedulerProcess process, string call, string body)
    {
        var isQuery = call.Contains('?', StringComparison.Ordinal);
        var context = ApiHost.Request(isQuery ? "GET" : "POST", "/xcron/" + call, isQuery ? null : body);
        await process.Endpoints.HandleAsync(context);
        if (process.Defects.Count > 0)
            throw new InvalidOperationException($"{call} {body}", process.Defects[0]);

        return await ApiHost.ReadAsync(context);
    }

    private void End(ClientOperation operation, int code, string text)
    {
        operation.EndedMs = world.History.NowMs;
        operation.Code = code;
        operation.Text = text;
    }

    private void ReadResult(ClientOperation operation, JsonElement result)
    {
        var code = result.GetProperty("code").GetInt32();
        End(operation, code, code == 0 ? "" : result.GetProperty("message").GetString()!);
        if (code == 0)
            ReadData(operation, result);
    }

    /// <summary>A line of an import that no error names was taken, or had been before.</summary>
    private void ReadLine(ClientOperation operation, int line, JsonElement tally)
    {
        End(operation, 0, "");
        foreach (var error in tally.GetProperty("errors").EnumerateArray())
        {
            if (error.GetProperty("line").GetInt64() == line)
                End(operation, error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()!);
        }

        if (operation.IsAcknowledged)
            ReadData(operation, JsonDocument.Parse(operation.Body).RootElement);
    }

    private static void ReadData(ClientOperation operation, JsonElement data)
    {
        if (data.TryGetProperty("task_id", out var id))
            operation.TaskId = new TaskId(long.Parse(id.GetString()!, CultureInfo.InvariantCulture));
        if (data.TryGetProperty("running", out var running))
            operation.WasRunning = running.ValueKind == JsonValueKind.True;
    }
}

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
    public ClientOperation? Ask(string call, int story, string body, Action<ClientOperation> ended)
    {
        var running = world.Machines.Where(static machine => machine.IsRunning).ToArray();
        if (running.Length == 0)
            return null;

        var machine = running[world.Random.Next(running.Length)];
        var operation = new ClientOperation
        {
            InvokedMs = world.History.NowMs,
            Call = call,
            Story = story,
            Node = machine.Id,
            NodeWallMs = machine.Clock.WallMs,
            Body = body,
        };
        world.History.Operations.Add(operation);
        var process = machine.Process!;
        process.Context.Do(() => _ = AskAsync(process, operation, ended));
        return operation;
    }

    private async Task AskAsync(SchedulerProcess process, ClientOperation operation, Action<ClientOperation> ended)
    {
        var isQuery = operation.Call.Contains('?', StringComparison.Ordinal);
        var context = ApiHost.Request(
            isQuery ? "GET" : "POST", "/xcron/" + operation.Call, isQuery ? null : operation.Body);
        await process.Endpoints.HandleAsync(context);
        if (process.Defects.Count > 0)
            throw new InvalidOperationException($"{operation.Call} {operation.Body}", process.Defects[0]);

        var answer = await ApiHost.ReadAsync(context);
        operation.EndedMs = world.History.NowMs;
        operation.Code = answer.Code;
        operation.Text = answer.Code == 0 ? "" : answer.Message;
        if (answer.Code == 0)
            ReadData(operation, answer.Data);
        ended(operation);
    }

    private static void ReadData(ClientOperation operation, JsonElement data)
    {
        if (data.TryGetProperty("task_id", out var id))
            operation.TaskId = new TaskId(long.Parse(id.GetString()!, CultureInfo.InvariantCulture));
        if (data.TryGetProperty("running", out var running))
            operation.WasRunning = running.ValueKind == JsonValueKind.True;
    }
}

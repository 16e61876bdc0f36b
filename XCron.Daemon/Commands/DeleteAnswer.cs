using Google.Protobuf;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Commands;

/// <summary>What was deleted.</summary>
/// <param name="Id">The task's.</param>
/// <param name="Running">An attempt was on its way, and is not recalled.</param>
internal readonly record struct DeleteAnswer(TaskId Id, bool Running)
{
    /// <summary>The nodes whose attempts were on their way, each once.</summary>
    public IReadOnlyList<NodeId> Callers { get; init; } = [];

    public byte[] Encode()
    {
        var message = new DeleteTaskResult { TaskId = Id.Value, Running = Running };
        message.Callers.AddRange(Callers.Select(static caller => caller.Value));
        return message.ToByteArray();
    }

    /// <summary>Reads the data of an answer with code 0.</summary>
    /// <exception cref="InvalidDataException">The bytes are no DeleteTaskResult.</exception>
    public static DeleteAnswer Decode(ReadOnlySpan<byte> encoded)
    {
        try
        {
            var message = DeleteTaskResult.Parser.ParseFrom(encoded);
            return new(new TaskId(message.TaskId), message.Running)
            {
                Callers = [.. message.Callers.Select(static caller => new NodeId(caller))],
            };
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidDataException($"No DeleteTaskResult: {exception.Message}", exception);
        }
    }
}

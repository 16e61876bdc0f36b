using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>
/// POST /xcron/import: takes tasks over under their own ids, line by line as they arrive. The same line again changes
/// nothing, so an import that was broken off is simply made again.
/// </summary>
internal sealed class ImportEndpoint(ApiServices services, TaskIntake intake) : IApiEndpoint
{
    private const int MaxBatchTasks = 256;
    private const int DryRun = 0;

    public static readonly FieldTable Parameters = new(
        "",
        [
            new("dry_run", FieldType.Boolean, "\"true\" or \"false\" (the default)")
            {
                Doc = "Judges every line against the tasks there are, and writes nothing.",
            },
        ]);

    private static readonly ApiError IdTaken =
        new(ApiCode.Conflict, "task_id is another task's, with another content; an import does not overwrite");

    private static readonly ApiError NameTaken =
        new(ApiCode.Conflict, "name is taken by another task; must be free");

    private readonly TaskLineReader _lines = new(services, intake);
    private readonly int _mostLineBytes = TaskSize.MostLineBytes(services.MaxRequestBytes);

    public string Method => HttpMethods.Post;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var tally = new ImportTally();
        var error = QueryParameters.Read(context.Request.QueryString, Parameters, out var values);
        if (error is null && values[DryRun] is not (null or "true" or "false"))
            error = QueryParameters.Refuse(Parameters, DryRun, values[DryRun]!);
        var isDryRun = values[DryRun] == "true";
        if (error is null && isDryRun && !await services.Gateway.ReadBarrierAsync(context.RequestAborted))
            error = WriteOutcome.OfBarrier;
        error ??= await ReadAsync(context, isDryRun, tally);
        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, (tally, isDryRun), Write));
    }

    /// <summary>Why the whole could not be gone through, or null.</summary>
    private async Task<ApiError?> ReadAsync(HttpContext context, bool isDryRun, ImportTally tally)
    {
        using var lines = new LineReader(context.Request.BodyReader, _mostLineBytes);
        var batch = new Batch();
        try
        {
            while (await lines.NextAsync(context.RequestAborted) is { } line)
            {
                if (Read(line, lines.Number, tally) is not { } task)
                    continue;
                if (isDryRun)
                {
                    Count(Judge(task), lines.Number, tally);
                    continue;
                }

                var isFull = !batch.Fits(task.Task!, services.MaxRequestBytes);
                if (isFull && await SubmitAsync(batch, tally) is { } error)
                    return StoppedAt(lines.Number, tally, error);
                batch.Add(task.Task!, lines.Number);
            }
        }
        catch (BadHttpRequestException exception)
        {
            var error = ApiError.BadRequest($"the body could not be read: {exception.Message}");
            return StoppedAt(lines.Number, tally, await SubmitAsync(batch, tally) ?? error);
        }

        return await SubmitAsync(batch, tally) is { } last ? StoppedAt(lines.Number, tally, last) : null;
    }

    /// <summary>The task of a line, or null where there is nothing to take over.</summary>
    private ImportLine? Read(LineReader.Line line, long number, ImportTally tally)
    {
        if (line.IsTooLong)
        {
            tally.CountFailed(number, new ApiError(
                ApiCode.TooLarge,
                $"the line is longer than that of any task; must have at most {_mostLineBytes} bytes, by " +
                $"max_request_bytes ({services.MaxRequestBytes})"));
            return null;
        }

        if (line.Bytes.Span.Trim(" \t\r"u8).IsEmpty)
            return null;
        var read = _lines.Read(line.Bytes.Span);
        if (read.Error is { } error)
            tally.CountFailed(number, error);
        else if (read.Task is null)
            tally.CountFinished();
        return read.Task is null ? null : read;
    }

    /// <summary>What the state machine would say, by this node's state.</summary>
    private int Judge(ImportLine line)
    {
        if (services.Tasks.Find(new TaskId(line.Task!.TaskId)) is { } known)
        {
            return SameDefinition.Is(line.Task.Definition.Span, known.Definition)
                ? ResultCode.Unchanged
                : ResultCode.IdTaken;
        }

        return line.Name.Length > 0 && services.Tasks.FindByName(line.Name) is not null
            ? ResultCode.NameTaken
            : ResultCode.Ok;
    }

    private bool IsThere(ImportTask task) =>
        services.Tasks.Find(new TaskId(task.TaskId)) is { } known
        && SameDefinition.Is(task.Definition.Span, known.Definition);

    private async Task<ApiError?> SubmitAsync(Batch batch, ImportTally tally)
    {
        if (batch.Tasks.Count == 0)
            return null;
        var outcome = await services.Gateway.SubmitAsync(
            TaskCommands.EncodeImport(batch.Tasks), CancellationToken.None);
        if (outcome is not ProposeOutcome.Applied applied)
            return WriteOutcome.Of(outcome);
        var codes = TaskCommands.DecodeImported(applied.Result.Data.Span);
        var canLook = codes.Contains(ResultCode.IdTaken)
            && await services.Gateway.ReadBarrierAsync(CancellationToken.None);
        for (var place = 0; place < codes.Count; place++)
        {
            // By their bytes they differ; the headers of one may only be written otherwise.
            var isSame = canLook && codes[place] == ResultCode.IdTaken && IsThere(batch.Tasks[place]);
            Count(isSame ? ResultCode.Unchanged : codes[place], batch.Lines[place], tally);
        }

        batch.Clear();
        return null;
    }

    private static void Count(int code, long line, ImportTally tally)
    {
        switch (code)
        {
            case ResultCode.Ok:
                tally.CountCreated();
                break;
            case ResultCode.Unchanged:
                tally.CountUnchanged();
                break;
            case ResultCode.IdTaken:
                tally.CountFailed(line, IdTaken);
                break;
            case ResultCode.NameTaken:
                tally.CountFailed(line, NameTaken);
                break;
            default:
                throw new InvalidDataException($"The state machine answered an import with code {code}.");
        }
    }

    private static ApiError StoppedAt(long line, ImportTally tally, ApiError error) => error with
    {
        Message = $"stopped at line {line}, with {tally.Created} tasks created, {tally.Unchanged} unchanged and " +
            $"{tally.Failed} failed before it; the same import may be made again: {error.Message}",
    };

    private static void Write(Utf8JsonWriter json, (ImportTally Tally, bool IsDryRun) import) =>
        import.Tally.Write(json, import.IsDryRun);

    /// <summary>Tasks that go into one entry of the log.</summary>
    private sealed class Batch
    {
        private int _bytes;

        public List<ImportTask> Tasks { get; } = [];

        public List<long> Lines { get; } = [];

        public bool Fits(ImportTask task, int maxBytes) =>
            Tasks.Count < MaxBatchTasks && _bytes + task.CalculateSize() <= maxBytes;

        public void Add(ImportTask task, long line)
        {
            Tasks.Add(task);
            Lines.Add(line);
            _bytes += task.CalculateSize();
        }

        public void Clear()
        {
            Tasks.Clear();
            Lines.Clear();
            _bytes = 0;
        }
    }
}

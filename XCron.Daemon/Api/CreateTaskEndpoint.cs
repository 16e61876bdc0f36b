using System.Runtime.CompilerServices;
using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>POST /xcron/createTask.</summary>
internal sealed class CreateTaskEndpoint(ApiServices services, TaskIntake intake) : IApiEndpoint
{
    private readonly IdCollisions _collisions = new(services);
    private readonly RepeatedCreate _repeated = new(services, intake);

    public string Method => HttpMethods.Post;

    /// <remarks>
    /// Does not watch for the client to leave: the gateway bounds the wait by request_timeout, and asking Kestrel for
    /// RequestAborted makes it allocate a token source for each request.
    /// </remarks>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        byte[]? command;
        ApiError? error;
        var created = default(CreateOutcome);
        using (var body = await RequestBody.ReadAsync(context.Request, services.MaxRequestBytes))
        {
            error = body.Error ?? QueryParameters.ReadNone(context.Request.QueryString);
            command = error is null ? Encode(body.Json.Span, out error) : null;
            if (command is null)
            {
                created = error!.IsTooLate
                    ? (await _repeated.FindAsync([new LateCreate(body.Json, error)], CancellationToken.None))[0]
                    : new CreateOutcome(default, false, error);
            }
        }

        if (command is null)
        {
            await AnswerAsync(context, requestId, created);
            return;
        }

        var outcome = await services.Gateway.SubmitAsync(command, CancellationToken.None);
        if (outcome is not ProposeOutcome.Applied applied)
        {
            await Answer.ErrorAsync(context, requestId, WriteOutcome.Of(outcome)!);
            return;
        }

        created = CreateOutcome.Of(CreateAnswers.DecodeSingle(applied.Result.Data.Span));
        if (created.IsIdTaken || created.IsNameTaken)
        {
            CreateOutcome[] outcomes = [created];
            await _collisions.ResolveAsync(command, outcomes, CancellationToken.None);
            await _repeated.RecognizeAsync(command, outcomes, CancellationToken.None);
            created = outcomes[0];
        }

        await AnswerAsync(context, requestId, created);
    }

    /// <summary>The command, or null and what is wrong with the request.</summary>
    internal byte[]? Encode(ReadOnlySpan<byte> body, out ApiError? error)
    {
        try
        {
            var json = new StrictJson(body);
            var fields = new TaskFields();
            var isRead = json.OpenDocument() && TaskFieldsReader.Read(ref json, ref fields) && json.CloseDocument();
            var nowMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
            error = isRead ? intake.Complete(ref fields, nowMs) : json.Error;
            return error is null ? EncodeOne(in fields, nowMs) : null;
        }
        catch (JsonException exception)
        {
            error = StrictJson.NotJson(exception);
            return null;
        }
    }

    private static Task AnswerAsync(HttpContext context, Guid requestId, CreateOutcome created) =>
        created.Error is null
            ? Answer.CreatedAsync(context, requestId, created.Task, created.IsExisting)
            : Answer.ErrorAsync(context, requestId, created.Error);

    private byte[] EncodeOne(in TaskFields fields, long nowMs) =>
        CreateCommandEncoder.EncodeOne(services.Proposer, in fields, services.NextTaskId(), nowMs);
}

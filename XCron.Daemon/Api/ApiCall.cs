namespace XCron.Daemon.Api;

/// <summary>One call of the API as the router, the door and the OpenAPI document know it.</summary>
/// <param name="Path">The whole path.</param>
/// <param name="Role">What a key must be allowed, where keys are configured.</param>
/// <param name="Summary">What it does, a sentence.</param>
internal sealed record ApiCall(string Path, ApiRole Role, string Summary)
{
    public FieldTable Query { get; init; } = FieldTable.Empty;

    /// <summary>The JSON body's fields; null where it takes none.</summary>
    public FieldTable? Body { get; init; }

    /// <summary>The body is such an object on every line, and not bounded as a whole.</summary>
    public bool TakesLines { get; init; }

    /// <summary>The answer is an object on every line, without the envelope.</summary>
    public bool AnswersLines { get; init; }

    /// <summary>The answer is an object of its own, without the envelope.</summary>
    public bool AnswersBare { get; init; }

    /// <summary>The codes it may answer beside those that every call may.</summary>
    public IReadOnlyList<int> Codes { get; init; } = [];
}

using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;

namespace Broker.Engine;

/// <summary>Makes instances of one actor type with one set of arguments.</summary>
internal abstract class ActorMaker(Type type, object?[] arguments)
{
    public Type Type => type;

    public object?[] Arguments => arguments;

    public static ActorMaker From<TActor>(Expression<Func<TActor>> factory)
    {
        if (factory.Body is not NewExpression { Constructor: { } constructor } made)
        {
            throw new ArgumentException("The expression must be of the form () => new Actor(...).", nameof(factory));
        }

        var arguments = new object?[made.Arguments.Count];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = Evaluate(made.Arguments[i]);
        }

        return new ConstructorMaker(made.Type, constructor, arguments);
    }

    public static ActorMaker From(Type type, object?[] arguments) => new ConstructorMaker(type, constructor: null, [.. arguments]);

    public static ActorMaker From(IIndirectActorProducer producer, object?[] arguments) => new ProducerMaker(producer, arguments);

    public abstract ActorBase Make();

    public virtual void Release(ActorBase actor)
    {
    }

    /// <summary>
    /// The value of an argument. Constants, captured variables and their members are read by reflection: compiling an
    /// expression costs a hundred microseconds, and a connection's actor is made with four captured variables.
    /// </summary>
    private static object? Evaluate(Expression argument) => argument switch
    {
        ConstantExpression constant => constant.Value,

        // To be called often, perhaps: worth compiling.
        LambdaExpression lambda => lambda.Compile(),
        MemberExpression { Member: FieldInfo { IsStatic: true } field } => field.GetValue(null),
        MemberExpression { Member: FieldInfo field, Expression: { } owner } when Evaluate(owner) is { } value => field.GetValue(value),
        UnaryExpression { NodeType: ExpressionType.Convert, Method: null } conversion
            when !conversion.Type.IsValueType && !conversion.Operand.Type.IsValueType && Evaluate(conversion.Operand) is var value
                && (value is null || conversion.Type.IsInstanceOfType(value)) => value,
        _ => Expression.Lambda<Func<object?>>(Expression.Convert(argument, typeof(object))).Compile(preferInterpretation: true)(),
    };

    private sealed class ConstructorMaker(Type type, ConstructorInfo? constructor, object?[] arguments) : ActorMaker(type, arguments)
    {
        private static readonly ConcurrentDictionary<ConstructorInfo, ConstructorInvoker> Invokers = new();

        /// <summary>Looking at a type's constructors costs several microseconds, and clients come by the thousand.</summary>
        private static readonly ConcurrentDictionary<Type, Candidate[]> Known = new();

        private ConstructorInvoker? _invoker;

        public override ActorBase Make()
        {
            _invoker ??= Invokers.GetOrAdd(constructor ?? Find(), ConstructorInvoker.Create);
            return (ActorBase)_invoker.Invoke(new Span<object?>(Arguments));
        }

        private ConstructorInfo Find()
        {
            var fitting = Array.FindAll(Known.GetOrAdd(Type, Candidates), candidate => Fits(candidate.Parameters));
            return fitting switch
            {
                [var one] => one.Constructor,
                [] => throw new MissingMethodException(
                    $"{Type} has no constructor for ({string.Join(", ", Arguments.Select(a => a?.GetType().Name ?? "null"))})."),
                _ => (ConstructorInfo?)Type.DefaultBinder.SelectMethod(
                    BindingFlags.Instance,
                    [.. fitting.Select(candidate => candidate.Constructor)],
                    [.. Arguments.Select(a => a?.GetType() ?? typeof(object))],
                    modifiers: null)
                    ?? throw new AmbiguousMatchException($"{Type} has several constructors for these arguments."),
            };
        }

        private static Candidate[] Candidates(Type type) =>
        [
            .. type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .Select(constructor => new Candidate(constructor, [.. constructor.GetParameters().Select(parameter => parameter.ParameterType)])),
        ];

        private bool Fits(Type[] parameters)
        {
            var fits = parameters.Length == Arguments.Length;
            for (var i = 0; fits && i < parameters.Length; i++)
            {
                fits = Arguments[i] is { } argument
                    ? parameters[i].IsInstanceOfType(argument)
                    : !parameters[i].IsValueType || Nullable.GetUnderlyingType(parameters[i]) is not null;
            }

            return fits;
        }

        private sealed record Candidate(ConstructorInfo Constructor, Type[] Parameters);
    }

    private sealed class ProducerMaker(IIndirectActorProducer producer, object?[] arguments) : ActorMaker(producer.ActorType, arguments)
    {
        public override ActorBase Make() => producer.Produce();

        public override void Release(ActorBase actor) => producer.Release(actor);
    }
}
